// The proof of work: SHA-256 (FIPS 180-4) in plain numbers. Hardened browsers
// refuse WebAssembly and workers made of text, and crypto.subtle takes longer to
// be asked than to answer. The same text runs as a worker and, where workers are
// refused, on the page.

const K = new Int32Array([
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

// stretch fills words 16 to 63 of the message schedule.
function stretch(w) {
	for (let i = 16; i < 64; i++) {
		const x = w[i - 15], y = w[i - 2];
		w[i] = w[i - 16] + w[i - 7] +
			((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
			((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10) | 0;
	}
}

// turn takes the state s through the rounds from to to.
function turn(s, w, from, to) {
	let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
	for (let i = from; i < to; i++) {
		const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (g ^ e & (f ^ g)) + K[i] + w[i] | 0;
		const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b | c & (a | b)) | 0;
		h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;
	}
	s[0] = a; s[1] = b; s[2] = c; s[3] = d; s[4] = e; s[5] = f; s[6] = g; s[7] = h;
}

// seedOf is SHA-256 of a text of ASCII, as eight words.
function seedOf(text) {
	const sum = Int32Array.from(START), s = new Int32Array(8), w = new Int32Array(64);
	const end = text.length, blocks = (end + 9 + 63) >> 6;
	for (let block = 0; block < blocks; block++) {
		w.fill(0);
		for (let i = block * 64; i < block * 64 + 64; i++) {
			const byte = i < end ? text.charCodeAt(i) & 255 : i === end ? 128 : 0;
			w[(i & 63) >> 2] |= byte << (24 - 8 * (i & 3));
		}
		if (block === blocks - 1) w[15] = end * 8;
		stretch(w);
		s.set(sum);
		turn(s, w, 0, 64);
		for (let i = 0; i < 8; i++) sum[i] = sum[i] + s[i] | 0;
	}
	return sum;
}

// search tries count counters from first on, and returns the first with which
// SHA-256(seed, part, counter) begins with so many zero bits, or -1. The message
// is one block, whose first ten words are the same for all of them: it stops where
// the upper half of the counter changes.
function search(seed, part, first, count, bits) {
	const w = new Int32Array(64), begun = Int32Array.from(START), s = new Int32Array(8);
	w.set(seed);
	w[8] = part;
	w[9] = Math.floor(first / 0x100000000);
	const end = Math.min(first + count, (w[9] + 1) * 0x100000000);
	w[11] = 0x80000000;
	w[15] = 44 * 8;
	turn(begun, w, 0, 10);
	for (let n = first; n < end; n++) {
		w[10] = n;
		stretch(w);
		s.set(begun);
		turn(s, w, 10, 64);
		if (Math.clz32(s[0] + START[0] | 0) >= bits) return n;
	}
	return -1;
}

// A slice is what is computed before anything is told: so many counters that it
// takes about sliceTime milliseconds. It grows at most fourfold at a time, so
// that a processor that was busy for a moment is not taken for a fast one.
const firstSlice = 256;
function nextSlice(slice, took, sliceTime) {
	const fitting = slice * Math.min(4, sliceTime / Math.max(took, 0.1));
	return Math.min(Math.max(64, Math.round(fitting)), 1 << 20);
}

if (typeof document === 'undefined') {
	let slice = firstSlice;
	onmessage = (event) => {
		const { seed, part, bits } = event.data;
		for (let first = 0, found = -1; found < 0;) {
			const begin = performance.now();
			found = search(seed, part, first, slice, bits);
			const took = performance.now() - begin;
			const tried = found < 0 ? slice : found - first + 1;
			first += tried;
			postMessage({ part, found, tried, took });
			if (found < 0) slice = nextSlice(slice, took, 120);
		}
	};
	postMessage({ ready: true });
}
