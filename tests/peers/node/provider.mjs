// A real sign-in provider (oidc-provider) for the tests. Its people and its client are JSON on the command line. It prints
// its address once it listens. People posted to /people replace them. Its own development pages ask for name and consent.
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

let { modules, people, client } = JSON.parse(process.argv[2]);
const { default: Provider } = await import(pathToFileURL(path.join(modules, "oidc-provider", "lib", "index.js")));

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ ...people[id], sub: id }) },
    issueRefreshToken: (_, known) => known.grantTypeAllowed("refresh_token"),
    pkce: { required: () => true, methods: ["S256"] },
    cookies: { keys: ["only for tests"] },
  });
  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (request.url !== "/people") return answer(request, response);
    let text = "";
    for await (const piece of request) text += piece;
    people = JSON.parse(text);
    response.end();
  });
  console.log(issuer);
});
