'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// A password hash that takes its time: the answer comes after 150 ms.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => {
    setTimeout(() => done(null, accounts.check(username, password)), 150);
  }));
  app.post('/login', passport.authenticate('local'), (req, res) => res.send(`Welcome ${req.user.name}`));
  return app;
};
