"""Notes, with Flask-Login as its documentation uses it: sessions in a signed
cookie, messages by flash(), redirects either way."""

from flask import Flask, flash, redirect, render_template_string, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user

app = Flask(__name__)
app.secret_key = "keyboard cat"
manager = LoginManager(app)
manager.login_view = "enter"
users = {"alice@x.test": "right horse"}
notes = []

PAGE = """<!doctype html><title>Notes</title>
{% for message in get_flashed_messages() %}<p class="flash">{{ message }}</p>{% endfor %}
{{ body|safe }}"""

FORM = """<form method="post"><input type="email" name="email"><input type="password" name="password">
%s<button>%s</button></form>"""


class User(UserMixin):
    def __init__(self, email):
        self.id = email


@manager.user_loader
def load(email):
    return User(email) if email in users else None


def page(body):
    return render_template_string(PAGE, body=body)


@app.get("/")
def home():
    return page('<p>Welcome.</p><a href="/enter">Log in</a>')


@app.route("/enter", methods=["GET", "POST"])
def enter():
    if request.method == "GET":
        return page(FORM % ('<input type="checkbox" name="remember">', "Log in"))
    email = request.form["email"]
    if users.get(email) != request.form["password"]:
        flash("Invalid credentials")
        return redirect(url_for("enter"))
    login_user(User(email), remember="remember" in request.form)
    return redirect(request.args.get("next") or url_for("show"))


@app.route("/join", methods=["GET", "POST"])
def join():
    if request.method == "GET":
        return page(FORM % ("", "Sign up"))
    email = request.form["email"]
    if email in users:
        flash("This address is already registered")
        return redirect(url_for("join"))
    users[email] = request.form["password"]
    login_user(User(email))
    return redirect(url_for("show"))


@app.get("/notes")
@login_required
def show():
    return page("<h1>Notes of %s</h1><p>%s</p><a href=\"/logout\">Log out</a>" % (current_user.id, " ".join(notes)))


@app.post("/notes")
@login_required
def write():
    notes.append(request.form["text"])
    return redirect(url_for("show"))


@app.get("/logout")
@login_required
def leave():
    logout_user()
    return redirect(url_for("home"))
