'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// The failure is told by the next page, from the session: the first failure
// therefore sets a cookie.
module.exports = () => {
  const { app, accounts, passport } = site({ field: 'email', flash: true });
  passport.use(new Strategy({ usernameField: 'email' }, (email, password, done) => {
    const user = accounts.check(email, password);
    return user ? done(null, user) : done(null, false, { message: 'Wrong address or password.' });
  }));
  app.post('/login', passport.authenticate('local', {
    successRedirect: '/', failureRedirect: '/login', failureFlash: true,
  }));
  return app;
};
