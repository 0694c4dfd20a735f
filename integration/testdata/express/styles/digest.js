'use strict';

const { DigestStrategy } = require('passport-http');
const site = require('../site.js');

module.exports = () => {
  const { app, accounts, passport } = site({ session: false });
  passport.use(new DigestStrategy({ qop: 'auth' }, (username, done) => {
    const user = accounts.find(username);
    accounts.tries[username] = (accounts.tries[username] || 0) + 1;
    return user ? done(null, user, user.password) : done(null, false);
  }));
  app.get('/members', passport.authenticate('digest', { session: false }), (req, res) => {
    res.send(`Welcome ${req.user.name}`);
  });
  return app;
};
