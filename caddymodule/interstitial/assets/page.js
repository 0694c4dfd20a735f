// The page of the proof of work. It stores nothing, fetches nothing but its own
// worker and says only what the server has put into the document.

const work = document.getElementById('dw-work');
const data = work.dataset;
const parts = Number(data.parts), bits = Number(data.bits);
const part = (id) => document.getElementById(id);
const show = (id, shown = true) => { part(id).hidden = !shown; };
const status = part('dw-status'), bar = part('dw-bar'), left = part('dw-left');

const opened = Date.now(), lifetime = Number(data.lifetime) * 1000;
const seed = seedOf(work.elements.token.value);
const found = new Array(parts).fill(-1);
const tried = new Array(parts).fill(0);
const perPart = 2 ** bits;
let lanes = Math.max(1, Math.min(4, parts, navigator.hardwareConcurrency || 1));
let next = 0, solved = 0, hashes = 0, busy = 0, furthest = 0, over = false, painted = 0, spoken = 0;
let workers = [];

// A page that was left comes back by GET: the form that led here must not be
// sent twice, and a page kept by the browser holds a spent token.
const again = () => location.replace(data.return);
addEventListener('pageshow', (event) => { if (event.persisted) again(); });

// secondsLeft is what the measured rate promises. Looking for a counter has no
// memory, so a part that was begun is as far as one that was not, and the last
// parts wait for the slowest of them.
function secondsLeft() {
	const missing = parts - solved;
	let rounds = Math.max(0, missing - lanes) / lanes;
	for (let i = Math.min(missing, lanes); i > 0; i--) rounds += 1 / i;
	return rounds * perPart / (hashes / busy * 1000);
}

function paint() {
	const now = performance.now();
	if (now - painted < 250 || busy < 300) return;
	painted = now;
	let done = solved;
	for (let i = 0; i < next; i++) if (found[i] < 0) done += 1 - Math.exp(-tried[i] / perPart);
	furthest = Math.max(furthest, done / parts);
	bar.setAttribute('aria-valuenow', Math.floor(furthest * 100));
	bar.firstElementChild.style.transform = 'scaleX(' + furthest + ')';
	const seconds = Math.max(1, Math.ceil(secondsLeft()));
	left.textContent = seconds < 100 ? data.seconds.replace('{n}', seconds) : data.minutes.replace('{n}', Math.ceil(seconds / 60));
	// Who listens hears at once how long it takes, then every 20 s.
	if (spoken === 0 || now - spoken > 20000) {
		spoken = now;
		status.textContent = left.textContent;
	}
	if (seconds > Number(data.wait) && busy > 1500) {
		show('dw-wait');
		show('dw-slow');
	}
}

// tell takes up what a lane reports, and returns whether its part is done.
function tell(report) {
	tried[report.part] += report.tried;
	if (report.took < 5000) { // a longer slice was interrupted: the device slept
		hashes += report.tried;
		busy += report.took;
	}
	if (report.found >= 0) {
		found[report.part] = report.found;
		solved++;
	}
	if (solved === parts) finish(); else paint();
	return report.found >= 0;
}

function stop() {
	over = true;
	for (const worker of workers) worker.terminate();
	workers = [];
}

function finish() {
	if (over) return;
	stop();
	work.elements.proof.value = found.join();
	bar.setAttribute('aria-valuenow', '100');
	bar.firstElementChild.style.transform = 'none';
	left.textContent = '';
	show('dw-wait', false);
	show('dw-label', false);
	show('dw-done');
	status.textContent = part('dw-done').textContent;
	if (!data.retype) return work.submit();
	show('dw-go');
	if (document.activeElement === document.body) part('dw-go').focus();
}

// expire ends a page whose token the server takes no longer.
function expire() {
	if (over && (!data.retype || data.sent)) return; // on its way already
	stop();
	work.hidden = true;
	show('dw-wait', false);
	show('dw-expired');
	status.textContent = part('dw-expired').firstElementChild.textContent;
	// Whoever was away is spared the click. A device that is too slow for the
	// lifetime is not sent round in circles.
	if (document.hidden) document.addEventListener('visibilitychange', () => { if (!document.hidden) again(); });
}

function watchLifetime() {
	const rest = lifetime - (Date.now() - opened); // goes on while a device sleeps
	if (rest <= 0) return expire();
	setTimeout(watchLifetime, Math.min(rest, 1000));
}

// onPage computes between two breaths of the page itself.
function onPage() {
	lanes = 1;
	let slice = firstSlice, at = -1, first = 0;
	const breathe = () => {
		if (over) return;
		if (at < 0) {
			at = found.findIndex((n) => n < 0);
			tried[at] = first = 0;
			next = Math.max(next, at + 1);
		}
		const begin = performance.now();
		const counter = search(seed, at, first, slice, bits);
		const took = performance.now() - begin;
		const count = counter < 0 ? slice : counter - first + 1;
		first += count;
		slice = nextSlice(slice, took, 25);
		if (tell({ part: at, found: counter, tried: count, took })) at = -1;
		setTimeout(breathe, 0);
	};
	breathe();
}

// inWorkers computes beside the page. When a worker cannot be had, or none says
// a word for a while, the page does the work.
function inWorkers() {
	let silent = true;
	const give = (worker) => {
		if (next < parts) worker.postMessage({ seed, part: next++, bits });
	};
	const fall = () => {
		if (over || workers.length === 0) return;
		for (const worker of workers) worker.terminate();
		workers = [];
		onPage();
	};
	try {
		for (let i = 0; i < lanes; i++) {
			const worker = new Worker(data.worker);
			worker.onerror = (event) => {
				event.preventDefault();
				fall();
			};
			worker.onmessage = (event) => {
				if (over || !workers.includes(worker)) return;
				silent = false;
				if (event.data.ready || tell(event.data)) give(worker);
			};
			workers.push(worker);
		}
	} catch (refused) {
		if (workers.length === 0) return onPage();
		return fall();
	}
	setTimeout(() => { if (silent) fall(); }, 5000);
}

work.addEventListener('submit', (event) => {
	if (!over || data.sent) return event.preventDefault();
	data.sent = 'yes';
});

try {
	history.replaceState(null, '', data.return);
	show('dw-wait', false);
	show('dw-off', false);
	work.hidden = false;
	if (lifetime > 0) watchLifetime();
	inWorkers();
} catch (unexpected) {
	stop();
	work.hidden = true;
	show('dw-wait');
	show('dw-off');
}
