'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// failureMessage, with sessions for everybody: every first page sets a cookie.
module.exports = () => {
  const { app, accounts, passport } = site({ session: { saveUninitialized: true } });
  passport.use(new Strategy((username, password, done) => {
    const user = accounts.check(username, password);
    return user ? done(null, user) : done(null, false, { message: 'Wrong name or password.' });
  }));
  app.post('/login', passport.authenticate('local', {
    successRedirect: '/', failureRedirect: '/login', failureMessage: true,
  }));
  return app;
};
