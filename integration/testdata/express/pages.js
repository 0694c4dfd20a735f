'use strict';

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (title, body) => `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(title)}</title></head>
<body>
<h1>${escape(title)}</h1>
${body}
</body>
</html>
`;

const note = (message) => (message ? `<p class="message">${escape(message)}</p>\n` : '');

exports.page = page;

exports.login = (field, message) => page('Log in', `${note(message)}<form action="/login" method="post">
<label>Name <input name="${field}" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button>
</form>`);

exports.signup = (message) => page('Sign up', `${note(message)}<form action="/signup" method="post">
<label>E-mail <input name="email" type="email"></label>
<label>Password <input name="password" type="password" autocomplete="new-password"></label>
<label>Again <input name="confirm" type="password" autocomplete="new-password"></label>
<button>Sign up</button>
</form>`);
