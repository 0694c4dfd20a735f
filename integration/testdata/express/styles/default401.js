'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// passport.authenticate without options: 401 "Unauthorized" on failure.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', passport.authenticate('local'), (req, res) => res.send(`Welcome ${req.user.name}`));
  return app;
};
