// What an operator would write down: a relying party and two citizens, as TOML.

/** Somebody with a long password, an authenticator app and an account of level 2. */
export const LAN = {
  number: '067301001234',
  name: 'Nguyễn Thị Lan',
  toml: `
name = "Nguyễn Thị Lan"
number = "067301001234"
birth_date = "2001-06-15"
sex = "female"
phone = "+84912000999"
account_level = 2
totp = true
card = { kind = "identity_card" }
`,
};

/** Somebody with a long password only, who is reached by telephone. */
export const MAI = {
  number: '001195000771',
  toml: `
name = "Lê Thị Mai"
number = "001195000771"
birth_date = "1995-02-03"
sex = "female"
phone = "+84912000777"
account_level = 2
card = { kind = "identity_card" }
`,
};

/**
 * A relying party with one redirect URI, and `/bye` beside it for after logout. `authentication` is
 * the content of that table; `more` are further keys with their values as TOML.
 */
export function registration(id, redirectUri, authentication, more = {}) {
  const lines = Object.entries(more).map(([key, value]) => `${key} = ${value}`);
  return `
client_id = "${id}"
name = { vi = "Bên tin cậy thử nghiệm", en = "Test relying party" }
legal_entity = "Đơn vị thử nghiệm"
redirect_uris = ["${redirectUri}"]
post_logout_redirect_uris = ["${new URL('/bye', redirectUri)}"]
scopes = ["openid", "profile", "phone", "offline_access", "vn_identity"]
grant_types = ["authorization_code", "refresh_token"]
${lines.join('\n')}

[authentication]
${authentication}

[agreement]
number = "1/2026"
signed_on = "2026-01-01"
system_security_level = 3
purpose = { vi = "Thử nghiệm", en = "Testing" }
`;
}

/** A public JWK as a TOML inline table, with what the provider needs to pick it. */
export function inline({ kty, crv, x, y }) {
  const members = { kty, crv, x, y, use: 'sig', alg: 'ES256', kid: 'test' };
  return `{ ${Object.entries(members).map(([name, value]) => `${name} = "${value}"`).join(', ')} }`;
}
