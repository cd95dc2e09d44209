// Checks access tokens without asking the provider about each: signature, claims, status list.
// Node.js 20 or later, nothing else.
//
//     node check.mjs ISSUER AUDIENCE < tokens
//
// prints "accepted SUBJECT" or "denied REASON" for every line.
import { createPublicKey, verify } from "node:crypto";
import { createInterface } from "node:readline";
import { inflateSync } from "node:zlib";

const HASHES = { ES256: "sha256", RS256: "sha256", EdDSA: null };
const MAX_LIST = 1 << 20; // bytes of an inflated list: eight million sessions

export class Checker {
  #issuer; #audience; #keys = new Map(); #keysAt = -Infinity; #lists = new Map();

  constructor(issuer, audience) {
    this.#issuer = issuer;
    this.#audience = audience;
  }

  /** The claims of a good token; throws for every other one. */
  async check(token) {
    const claims = await this.#verified(token, "at+jwt");
    if (claims.iss !== this.#issuer) throw new Error("another issuer");
    if (![claims.aud].flat().includes(this.#audience)) throw new Error("another audience");
    const { idx, uri } = claims.status?.status_list ?? {};
    // Signed by the issuer, yet a token must not send us anywhere else.
    if (!Number.isInteger(idx) || idx < 0 || !String(uri).startsWith(`${this.#issuer}/`))
      throw new Error("names no status list");
    const bits = await this.#bits(uri);
    if (idx >= bits.length * 8) throw new Error("beyond the status list");
    if ((bits[idx >> 3] >> (idx & 7)) & 1) throw new Error("its session is over");
    return claims;
  }

  async #bits(uri) {
    const known = this.#lists.get(uri);
    if (known && now() < known.until) return known.bits;
    // No list, no answer: what throws here denies the token.
    const response = await get(uri, "application/statuslist+jwt");
    const claims = await this.#verified(await response.text(), "statuslist+jwt");
    if (claims.sub !== uri) throw new Error("another status list");
    if (claims.status_list?.bits !== 1) throw new Error("a status list of another kind");
    const bits = inflateSync(Buffer.from(claims.status_list.lst, "base64url"), { maxOutputLength: MAX_LIST });
    // Counted from iat: whatever kept it on the way does not add to the lag.
    this.#lists.set(uri, { bits, until: claims.iat + claims.ttl });
    return bits;
  }

  async #verified(token, typ) {
    const [header, payload, signature, ...rest] = token.split(".");
    if (!signature || rest.length) throw new Error("not a JWT");
    const { alg, kid, typ: found, crit } = json(header);
    if (found !== typ || crit) throw new Error("another kind of token");
    const jwk = await this.#key(kid);
    if (jwk.alg !== alg || !(alg in HASHES)) throw new Error("another algorithm");
    const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    const good = verify(HASHES[alg], Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
    if (!good) throw new Error("a bad signature");
    const claims = json(payload);
    if (!(now() < claims.exp)) throw new Error("expired");
    return claims;
  }

  async #key(kid) {
    // A key that is not known yet is looked for, but not more often than every ten seconds.
    if (!this.#keys.has(kid) && now() - this.#keysAt > 10) {
      this.#keysAt = now();
      const discovery = await (await get(`${this.#issuer}/.well-known/openid-configuration`)).json();
      const { keys } = await (await get(discovery.jwks_uri)).json();
      this.#keys = new Map(keys.map((key) => [key.kid, key]));
    }
    const key = this.#keys.get(kid);
    if (!key) throw new Error("an unknown key");
    return key;
  }
}

const now = () => Date.now() / 1000;
const json = (part) => JSON.parse(Buffer.from(part, "base64url").toString());

async function get(url, accept = "application/json") {
  const response = await fetch(url, { headers: { accept }, redirect: "error", signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

const [issuer, audience] = process.argv.slice(2);
const checker = new Checker(issuer, audience);
for await (const token of createInterface({ input: process.stdin })) {
  try {
    console.log(`accepted ${(await checker.check(token)).sub}`);
  } catch (error) {
    console.log(`denied ${error.message}`);
  }
}
