'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// Only failures redirect; a success is answered by the handler.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', passport.authenticate('local', { failureRedirect: '/login' }), (req, res) => {
    res.send(`Welcome ${req.user.name}`);
  });
  return app;
};
