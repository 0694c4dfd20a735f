'use strict';

// Auth.js with its Credentials provider on Express, as its documentation sets
// it up: its own pages, its CSRF token, its session cookie. It prints its port as
// one line of JSON and ends when its standard input does.

// Node.js 18 has Web Crypto, but not as a global.
globalThis.crypto ||= require('node:crypto').webcrypto;

const express = require('express');

const users = { 'alice@x.test': 'right horse' };

async function main() {
  const { ExpressAuth, getSession } = await import('@auth/express');
  const { default: Credentials } = await import('@auth/express/providers/credentials');
  const config = {
    secret: 'keyboard cat keyboard cat keyboard cat',
    trustHost: true,
    logger: { error() {} }, // a wrong password is no news
    providers: [Credentials({
      credentials: { email: { label: 'E-mail' }, password: { label: 'Password', type: 'password' } },
      authorize: ({ email, password }) => (users[email] === password ? { id: '1', name: 'Alice Liddell', email } : null),
    })],
  };

  const app = express();
  app.set('trust proxy', true);
  app.use('/auth/*', ExpressAuth(config));
  app.get('/', async (req, res) => {
    const session = await getSession(req, config);
    res.send(session
      ? `<!DOCTYPE html><title>Shop</title><p id="who">Hello ${session.user.name}</p><a href="/auth/signout">Sign out</a>`
      : '<!DOCTYPE html><title>Shop</title><p id="who">Hello stranger</p><a href="/auth/signin">Sign in</a>');
  });
  const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ authjs: server.address().port })));
  server.keepAliveTimeout = 60_000;
}

main();
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
