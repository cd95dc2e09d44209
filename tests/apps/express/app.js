// An app as its framework's documentation shows it: every page under /private asks for a person, and a notice of the
// provider ends what it holds of them. Told by its environment where it is, and by which line of the library it signs in.
const express = require('express');
const session = require('express-session');

const { LIBRARY, PORT, ISSUER, CLIENT_ID, CLIENT_SECRET, SECRET, SESSIONS } = process.env;
const { auth, requiresAuth } = require(LIBRARY);
const store = new session.MemoryStore();

const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: `http://127.0.0.1:${PORT}`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    clientAuthMethod: 'client_secret_basic',
    secret: SECRET,
    idTokenSigningAlg: 'ES256',
    authRequired: false,
    authorizationParams: { response_type: 'code', scope: 'openid profile' },
    // Sessions in the app's memory, or all in the browser's cookie with only the notices kept by the app.
    ...(SESSIONS === 'server'
      ? { session: { store }, backchannelLogout: true }
      : { backchannelLogout: { store } }),
  }),
);
app.get('/private', requiresAuth(), async (req, res) => {
  const person = await req.oidc.fetchUserInfo();
  res.set('x-remote-user', person.name).send('The private page');
});
app.get('/', (req, res) => res.send('up'));
app.listen(Number(PORT), '127.0.0.1');
