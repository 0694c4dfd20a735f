package recognize

// vocabulary is what apps say in several languages: phrases of ordinary words,
// separated by commas, written down from general knowledge of how apps talk. Only
// these words are ever looked for in an answer.
var vocabulary = makePhraseBook(map[said]string{
	saidNo: `
		unrecognized, unrecognised, wrong, invalid, incorrect, bad, unknown, failed, fails, fail, failure, error, denied, mismatch,
		unmatched, unable, could not, couldnt, cannot, not correct, not valid, not match, not recognized,
		not recognised, not found, not accepted, does not exist, doesnt exist, dont match, doesnt match,
		falsch, falsches, falsche, ungültig, ungültige, ungültiger, ungültiges, fehlgeschlagen, fehler,
		nicht korrekt, nicht gefunden, unbekannt, unbekannter, incorrecte, incorrects, invalide, invalides,
		erreur, échec, échoué, erroné, inconnu, incorrecta, incorrecto, incorrectos, incorrectas, inválido,
		inválida, inválidos, inválidas, errónea, erróneo, fallido, fallida, no coincide, no coinciden,
		incorreta, incorreto, incorretos, falhou, errato, errata, errati, sbagliata, non valido, non valide,
		non corretti, onjuist, onjuiste, ongeldig, ongeldige, verkeerd, mislukt, nieprawidłowy, nieprawidłowe,
		nieprawidłowa, błędne, błędny, fel, felaktigt, felaktig, ogiltigt, forkert, feil, virheellinen, väärä,
		неверный, неверное, неверные, неправильный, неправильное, неправильные, ошибка, невірний, hatalı,
		geçersiz, yanlış, chybné, nesprávné, neplatné`,
	saidSubject: `
		password, passwords, passphrase, passcode, credential, credentials, username, user name, user, login,
		logins, log in, logon, signin, sign in, account, email, e mail, identifier, authentication,
		authenticate, authorization, auth, member, username or password, kennwort, passwort, benutzername, benutzer, anmeldung, anmelden,
		anmeldedaten, zugangsdaten, konto, mot de passe, identifiant, identifiants, utilisateur, connexion,
		compte, contraseña, clave, usuario, credenciales, correo, cuenta, senha, usuário, utilizador,
		credenciais, conta, nome utente, credenziali, accesso, wachtwoord, gebruikersnaam, inloggegevens,
		hasło, login, użytkownik, lösenord, användarnamn, inloggning, adgangskode, brugernavn, passord,
		brukernavn, salasana, käyttäjätunnus, пароль, логин, пользователь, учётные данные, şifre, parola,
		kullanıcı, heslo, uživatel`,
	saidRefused: `
		invalid grant, access denied, unauthorized, unauthorised, not authenticated, no such user, no user,
		no account, no active account, caps lock, remaining attempts, before your account, more attempt,
		more attempts, attempts remaining, attempts left, remaining chances, do not match our records,
		dont match our records, login required, bad login, zugriff verweigert, accès refusé, acceso denegado`,
	saidTooMany: `
		too many, toomany, limit exceeded, attempt limit, attempts exceeded, attempts limit, quota exceeded, rate limit, ratelimit, rate limited, rate limit exceeded, throttled, throttle,
		zu viele, zu oft, trop de, trop dessais, demasiados, demasiadas, muitas tentativas, troppi tentativi,
		te veel, zbyt wiele, för många, for mange, liian monta, слишком много, забагато, çok fazla,
		příliš mnoho`,
	saidLocked: `
		account is locked, account locked, account has been locked, user is locked, is locked, locked out,
		lockout, temporarily locked, temporarily blocked, temporarily disabled, temporarily banned,
		temporarily suspended, try again later, try again in, slow down, vorübergehend gesperrt, ist gesperrt, wurde gesperrt,
		später erneut, später noch einmal, temporairement bloqué, est bloqué, est verrouillé,
		réessayez plus tard, réessayer plus tard, bloqueada temporalmente, está bloqueada, ha sido bloqueada,
		inténtelo más tarde, inténtalo más tarde, bloqueada temporariamente, tente novamente mais tarde,
		account bloccato, riprova più tardi, is geblokkeerd, probeer het later, zablokowane, zablokowany,
		försök igen senare, заблокирован, попробуйте позже, kilitlendi`,
	saidForgery: `
		csrf, xsrf, forgery, cross site, authenticity token, security token, form token, invalid token,
		token is invalid, token invalid, token expired, token has expired, token mismatch, page expired,
		page has expired, form expired, form has expired, session expired, session has expired,
		session timed out, invalid origin, origin not allowed, forbidden origin, origin mismatch,
		referer checking failed, invalid referer, change you wanted was rejected,
		time allowed for the login process, need token, bad token, wrong token, sitzung ist abgelaufen, sitzung abgelaufen, formular abgelaufen,
		session a expiré, jeton invalide, jeton csrf, sesión ha caducado, sesión ha expirado, sessão expirou,
		sessione scaduta, sessie is verlopen, sesja wygasła`,
	saidSecond: `
		authentication code, more factors, additional factor, multi step, mfa, 2fa, tfa, otp, totp, two factor, twofactor, two step, second factor, multi factor, multifactor,
		authenticator, one time password, one time passcode, one time code, verification code, security code,
		zwei faktor, zweiter faktor, einmalpasswort, bestätigungscode, double authentification, deux facteurs,
		dos factores, doble factor, dois fatores, due fattori`,
	saidMissing: `
		must accept, must agree, required, is required, missing, may not be blank, not be blank, cannot be blank, cant be blank,
		not be empty, cannot be empty, not allowed to be empty, must not be empty, is empty, too small,
		too short, at least, invalid request, invalid payload, bad user input, validation, not provided,
		please enter, please provide, fill in, erforderlich, pflichtfeld, darf nicht leer, obligatoire, requis,
		obligatorio, requerido, obrigatório, obbligatorio, verplicht, wymagane`,
	saidYes: `
		ok, success, successful, successfully, succeeded, welcome, created, logged in, signed in,
		you are authenticated, authentication passed, registered, check your email, check your mail, accepted,
		erfolgreich, willkommen, angemeldet, réussi, réussie, bienvenue, correctamente, bienvenido, sucesso,
		bem vindo, benvenuto, gelukt, welkom`,
	saidForbidden: `
		forbidden, permission, permissions, privileges, not authorized to, not authorised to, not allowed,
		requires role, insufficient, insufficient scope`,
	saidTaken: `
		already exists, already exist, already taken, already in use, already registered, already been taken,
		already used, is taken, are taken, not unique, must be unique, unique constraint, duplicate, conflict, bereits vergeben,
		bereits registriert, existiert bereits, déjà utilisé, déjà utilisée, déjà pris, existe déjà, ya existe,
		ya está en uso, já existe, já está em uso, già in uso, esiste già, bestaat al, już istnieje`,
	saidClosed: `
		user disabled, has been blocked, has been banned, is blocked, is banned, been banned, inactive, is disabled, account disabled, deactivated, suspended, not activated, not confirmed,
		not verified, unverified, unconfirmed, account expired, deaktiviert, désactivé, desactivada,
		nicht aktiviert`,
	saidEntered: `
		login succeeded, login successful, login was successful, logged in successfully, successfully logged in,
		signed in successfully, successfully signed in, now logged in, now signed in, authentication succeeded,
		authentication successful, authentication passed, erfolgreich angemeldet, anmeldung erfolgreich,
		connexion réussie, sesión iniciada, login efetuado, accesso effettuato`,
	saidSent: `
		been sent, was sent, we sent, have sent, sent you, sent to, mail sent, email sent, link sent,
		check your mail, check your email, check your inbox, confirmation link, verification link,
		activation link, wurde gesendet, wurde verschickt, gesendet an, été envoyé, envoyé à, ha sido enviado,
		se ha enviado, hemos enviado, foi enviado, enviamos, è stata inviata, abbiamo inviato, is verzonden,
		zostało wysłane, har skickats, отправлено`,
	saidCreated: `
		creation successful, registration successful, registration was successful, registration complete,
		registration completed, successfully registered, registered successfully, account successfully,
		signup successful, sign up successful, registrierung erfolgreich, erfolgreich registriert,
		inscription réussie, registro exitoso, cadastro realizado, registrazione completata`,
	saidNowhere: `
		page not found, requested url, requested resource, resource not found, no such page, cannot post,
		cannot put, cannot get, no route, route not found, no such route, unknown route, endpoint not found,
		unknown endpoint, no such endpoint, deprecated endpoint, method not allowed, method not supported,
		no handler, not found on this server, page you requested, page you were looking for, path not found,
		seite nicht gefunden, page introuvable, página no encontrada, página não encontrada,
		pagina non trovata, pagina niet gevonden`,
	saidWho: `user, username, account, konto, benutzer, compte, utilisateur, cuenta, usuario, conta, usuário, utente, gebruiker`,
	saidNew: `created, registered, angelegt, erstellt, registriert, créé, creado, creada, criado, criada, creato, aangemaakt`,
})

// unspacedVocabulary is the same for scripts without spaces between words.
var unspacedVocabulary = map[string]said{
	"密码错误": saidRefused, "密碼錯誤": saidRefused, "用户名或密码": saidRefused, "帐号或密码": saidRefused,
	"账号或密码": saidRefused, "密码不正确": saidRefused, "登录失败": saidRefused, "用户不存在": saidRefused,
	"パスワードが": saidRefused, "ログインに失敗": saidRefused, "認証に失敗": saidRefused,
	"비밀번호가": saidRefused, "로그인 실패": saidRefused,
	"次数过多": saidTooMany, "過於頻繁": saidTooMany, "过于频繁": saidTooMany, "回数が多": saidTooMany, "너무 많": saidTooMany,
	"已锁定": saidLocked, "已被锁定": saidLocked, "ロックされ": saidLocked, "잠겼습니다": saidLocked,
	"验证码": saidSecond, "登录成功": saidYes, "成功": saidYes, "已存在": saidTaken, "已被使用": saidTaken,
}
