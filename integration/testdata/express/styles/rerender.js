'use strict';

const { Strategy } = require('passport-local');
const pages = require('../pages.js');
const site = require('../site.js');

// A custom callback that shows the form again, with status 200.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', (req, res, next) => {
    passport.authenticate('local', (err, user) => {
      if (err) return next(err);
      if (!user) return res.send(pages.login('username', 'Wrong name or password.'));
      return req.login(user, (loginErr) => (loginErr ? next(loginErr) : res.redirect('/')));
    })(req, res, next);
  });
  return app;
};
