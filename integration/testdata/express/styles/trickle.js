'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// The status is there at once, the page only after a second: the shape of an
// app that streams its pages.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', (req, res, next) => {
    passport.authenticate('local', (err, user) => {
      if (err) return next(err);
      res.status(302).set('Location', user ? '/' : '/login').type('html');
      res.write('<p>Redirecting');
      return setTimeout(() => res.end(' ...</p>'), 1000);
    })(req, res, next);
  });
  return app;
};
