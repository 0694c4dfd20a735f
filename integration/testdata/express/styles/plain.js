'use strict';

const cookieParser = require('cookie-parser');
const site = require('../site.js');

// A login written by hand, as in tutorials of 2016: no passport, the user id
// in the session, /home or back to /login. A cookie remembers the name for
// the form.
module.exports = () => {
  const { app, accounts } = site();
  app.use(cookieParser());
  app.post('/login', (req, res, next) => {
    const user = accounts.check(req.body.username, req.body.password);
    if (!user) return res.redirect('/login');
    return req.session.regenerate((err) => {
      if (err) return next(err);
      req.session.userId = user.id;
      res.cookie('last_name', user.name, { httpOnly: true });
      return res.redirect('/home');
    });
  });
  app.get('/home', (req, res) => {
    const user = req.session.userId && accounts.byId(req.session.userId);
    return user ? res.send(`Welcome ${user.name}`) : res.redirect('/login');
  });
  return app;
};
