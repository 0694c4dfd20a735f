'use strict';

const { BasicStrategy } = require('passport-http');
const site = require('../site.js');

module.exports = () => {
  const { app, accounts, passport } = site({ session: false });
  passport.use(new BasicStrategy((username, password, done) => done(null, accounts.check(username, password))));
  app.all('/members', passport.authenticate('basic', { session: false }), (req, res) => {
    res.send(`Welcome ${req.user.name}`);
  });
  return app;
};
