'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// The redirects of passport's own documentation.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', passport.authenticate('local', { successRedirect: '/', failureRedirect: '/login' }));
  return app;
};
