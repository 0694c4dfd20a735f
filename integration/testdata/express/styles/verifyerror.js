'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// The database behind the names that begin with "lost" does not answer.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => {
    if (username.startsWith('lost')) return done(new Error('connection refused'));
    return done(null, accounts.check(username, password));
  }));
  app.post('/login', passport.authenticate('local'), (req, res) => res.send(`Welcome ${req.user.name}`));
  app.use((err, req, res, next) => res.status(500).send('Internal Server Error'));
  return app;
};
