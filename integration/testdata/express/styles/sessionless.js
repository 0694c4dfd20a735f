'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// session: false, for an API that hands out no cookie.
module.exports = () => {
  const { app, accounts, passport } = site({ session: false });
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', passport.authenticate('local', { session: false }), (req, res) => {
    res.send(`Welcome ${req.user.name}`);
  });
  return app;
};
