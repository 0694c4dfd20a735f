'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// Nested field names, as a form (user[email]) and as JSON.
module.exports = () => {
  const { app, accounts, passport } = site({ field: 'user[email]' });
  const fields = { usernameField: 'user[email]', passwordField: 'user[password]' };
  passport.use(new Strategy(fields, (email, password, done) => done(null, accounts.check(email, password))));
  app.post('/login', passport.authenticate('local'), (req, res) => res.send(`Welcome ${req.user.name}`));
  return app;
};
