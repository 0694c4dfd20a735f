'use strict';

const pages = require('../pages.js');
const site = require('../site.js');

// Every login is answered by the same redirect and no new cookie. Only the page
// it leads to tells: the desk of who got in, the form for everybody else.
module.exports = () => {
  const { app, accounts } = site({ session: { saveUninitialized: true } });
  app.post('/login', (req, res) => {
    const user = accounts.check(req.body.username, req.body.password);
    req.session.userId = user ? user.id : undefined;
    req.session.message = user ? undefined : 'Wrong name or password.';
    res.redirect('/desk');
  });
  app.get('/desk', (req, res) => {
    const user = req.session.userId && accounts.byId(req.session.userId);
    if (!user) return res.send(pages.login('username', req.session.message));
    return res.send(pages.page('Desk', `<p>Hello ${user.name}.</p><a href="/logout">Log out</a>`));
  });
  return app;
};
