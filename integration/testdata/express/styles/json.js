'use strict';

const { Strategy } = require('passport-local');
const site = require('../site.js');

// A custom callback that answers 200 and JSON either way.
module.exports = () => {
  const { app, accounts, passport } = site({ field: 'email' });
  passport.use(new Strategy({ usernameField: 'email' }, (email, password, done) => {
    const user = accounts.check(email, password);
    return user ? done(null, user) : done(null, false, { message: 'Incorrect e-mail or password.' });
  }));
  app.post('/login', (req, res, next) => {
    passport.authenticate('local', (err, user, info) => {
      if (err) return next(err);
      if (!user) return res.json({ success: false, message: info.message });
      return req.login(user, (loginErr) => (loginErr ? next(loginErr) : res.json({ success: true })));
    })(req, res, next);
  });
  return app;
};
