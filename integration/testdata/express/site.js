'use strict';

const crypto = require('node:crypto');
const express = require('express');
const session = require('express-session');
const multer = require('multer');
const { Passport } = require('passport');
const Accounts = require('./accounts.js');
const pages = require('./pages.js');

// site is what all styles have in common: pages, sessions, signup, logout, a
// password reset, and two routes for tests: POST /hash tells what arrived, and
// GET /__counts how often.
//
// options: field, the name of the login form's user field; session, the
// options of express-session or false; flash, true for connect-flash.
module.exports = function site(options = {}) {
  const { field = 'username', session: sessionOptions = {}, flash = false } = options;
  const app = express();
  const accounts = new Accounts();
  const passport = new Passport();

  passport.serializeUser((user, done) => done(null, user.id));
  passport.deserializeUser((id, done) => done(null, accounts.byId(id) || false));

  const requests = {};
  app.get('/__counts', (req, res) => res.json({ requests, tries: accounts.tries }));
  app.use((req, res, next) => {
    const route = `${req.method} ${req.path}`;
    requests[route] = (requests[route] || 0) + 1;
    next();
  });
  app.post('/hash', digestBody);

  app.use(express.urlencoded({ extended: true }));
  app.use(express.json());
  app.use(multer().none());
  if (sessionOptions) {
    app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false, ...sessionOptions }));
  }
  if (flash) {
    app.use(require('connect-flash')());
  }
  app.use(passport.initialize());
  if (sessionOptions) {
    app.use(passport.session());
  }

  app.get('/', (req, res) => res.send(pages.page('Shop', '<p>Welcome.</p>')));
  app.get('/products/:id', (req, res) => res.send(pages.page(`Product ${req.params.id}`, '<p>In stock.</p>')));
  app.get('/login', (req, res) => {
    const message = flash ? req.flash('error')[0] : undefined;
    res.send(pages.login(field, message));
  });
  app.get('/profile', (req, res) => {
    if (!req.user) return res.redirect('/login');
    return res.send(pages.page('Profile', `<p>Hello ${req.user.name}.</p>`));
  });
  app.post('/password/reset', (req, res) => res.send(pages.page('Reset', '<p>If we know this address, a mail is on its way.</p>')));

  signup(app, accounts);
  app.get('/logout', logout);
  app.post('/logout', logout);
  return { app, accounts, passport };
};

function signup(app, accounts) {
  app.get('/signup', (req, res) => res.send(pages.signup()));
  app.post('/signup', (req, res, next) => {
    const { email, password, confirm } = req.body;
    if (!email || !password) return res.send(pages.signup('Please fill in every field.'));
    if (password !== confirm) return res.send(pages.signup('The passwords differ.'));
    if (accounts.find(email)) return res.send(pages.signup('This address is taken.'));
    const user = accounts.add(email, password);
    if (!req.session) return res.redirect('/login');
    return req.login(user, (err) => (err ? next(err) : res.redirect('/profile')));
  });
}

function logout(req, res, next) {
  if (!req.logout || !req.session) return res.redirect('/');
  return req.logout((err) => (err ? next(err) : res.redirect('/')));
}

// digestBody reads the raw body as a stream, of any size.
function digestBody(req, res) {
  const hash = crypto.createHash('sha256');
  let length = 0;
  req.on('data', (chunk) => {
    length += chunk.length;
    hash.update(chunk);
  });
  req.on('end', () => res.json({
    sha256: hash.digest('hex'), length, headers: req.headers, trailers: req.trailers, httpVersion: req.httpVersion,
  }));
}
