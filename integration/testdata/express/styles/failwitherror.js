'use strict';

const { Strategy } = require('passport-local');
const pages = require('../pages.js');
const site = require('../site.js');

// failWithError hands the failure to the app's own error page.
module.exports = () => {
  const { app, accounts, passport } = site();
  passport.use(new Strategy((username, password, done) => done(null, accounts.check(username, password))));
  app.post('/login', passport.authenticate('local', { failWithError: true }), (req, res) => {
    res.send(`Welcome ${req.user.name}`);
  });
  app.use((err, req, res, next) => {
    res.status(err.status || 500).send(pages.page('Error', `<p>${err.message}</p>`));
  });
  return app;
};
