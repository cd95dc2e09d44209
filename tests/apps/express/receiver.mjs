// An app that takes no part in sign-in: it takes notices at /notice and checks each as Back-Channel Logout 1.0 §2.6 asks,
// with jose. Answers 204, or 400 with the reason.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { createRemoteJWKSet, jwtVerify } = createRequire(import.meta.url)('jose-6');
const { PORT, ISSUER, CLIENT_ID } = process.env;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const seen = new Set();

const discovery = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));

async function check(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: CLIENT_ID,
    typ: 'logout+jwt',
    algorithms: ['ES256'],
    maxTokenAge: '2m',
    requiredClaims: ['iat', 'exp', 'jti', 'events'],
  });
  const event = payload.events[EVENT];
  if (typeof event !== 'object' || Object.keys(event).length > 0) throw new Error('no such event');
  if ('nonce' in payload) throw new Error('a nonce');
  if (!payload.sid && !payload.sub) throw new Error('about nobody');
  if (seen.has(payload.jti)) throw new Error('a replay');
  seen.add(payload.jti);
}

createServer(async (request, response) => {
  if (request.method !== 'POST') return response.end('up');
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = (status, text) =>
    response.writeHead(status, { 'cache-control': 'no-store', 'content-type': 'application/json' }).end(text);
  try {
    await check(new URLSearchParams(body).get('logout_token'));
    answer(204);
  } catch (error) {
    answer(400, JSON.stringify({ error: 'invalid_request', error_description: error.message }));
  }
}).listen(Number(PORT), '127.0.0.1');
