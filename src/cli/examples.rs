//! The examples at the end of every `--help` and manual page.

pub(super) const TOP: &str = "\
Examples:
  oc-guardian init                        make the operator key, once
  oc-guardian key show                    its public half
  oc-guardian config gen                  write the guardian's config bundle
  oc-guardian verify                      prove the guardian's image

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 image not trusted, 4 a check found a problem,
5 refused by policy or operator, 130 interrupted.";

pub(super) const INIT: &str = "\
Examples:
  oc-guardian init
  oc-guardian init --keystore file
  oc-guardian init --restore --scheme bip340 --expect-id op-132f39a98c31baaddba6525f5d43f295
  oc-guardian init --import-hex --scheme ed25519 --from key.hex
  oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes    (without a terminal)";

pub(super) const KEY: &str = "\
Examples:
  oc-guardian key show
  oc-guardian key verify-backup
  oc-guardian key migrate --to file";

pub(super) const KEY_SHOW: &str = "\
Examples:
  oc-guardian key show
  oc-guardian key show --json | jq -r .operator_pubkey_hex";

pub(super) const KEY_VERIFY_BACKUP: &str = "\
Examples:
  oc-guardian key verify-backup
  oc-guardian key verify-backup --from words.txt";

pub(super) const KEY_CHANGE_PASSPHRASE: &str = "\
Examples:
  oc-guardian key change-passphrase
  oc-guardian key change-passphrase --passphrase-file old.txt --new-passphrase-file new.txt";

pub(super) const KEY_MIGRATE: &str = "\
Examples:
  oc-guardian key migrate --to file
  oc-guardian key migrate --to keychain --passphrase-file pass.txt";

pub(super) const KEY_EXPORT: &str = "\
Examples:
  oc-guardian key export
  oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295";

pub(super) const CONFIG: &str = "\
Examples:
  oc-guardian config gen
  oc-guardian config check
  oc-guardian config show";

pub(super) const CONFIG_GEN: &str = "\
Examples:
  oc-guardian config gen
  oc-guardian config gen --federation oc-me-v1 --log-level debug --force
  oc-guardian config gen --federation oc-me-v1 --out - > config.json
  oc-guardian config gen --federation oc-me-v1 --signer-url unix:/run/oc-guardian/sign.sock
  oc-guardian config gen --format compose > compose.yaml
  oc-guardian config gen --format quadlet > ~/.config/containers/systemd/oc-guardian.container
  oc-guardian config gen --format kubernetes --image ghcr.io/orangecheck/oc-guardian:v1.2.3 > guardian.yaml";

pub(super) const CONFIG_CHECK: &str = "\
Examples:
  oc-guardian config check
  oc-guardian config check /etc/oc-guardian/oc-guardian.config
  oc-guardian config check - < config.json
  oc-guardian config check --portal
  oc-guardian config check --json | jq -r '.findings[].message'";

pub(super) const CONFIG_SHOW: &str = "\
Examples:
  oc-guardian config show
  oc-guardian config show --json | jq -r .fields.log_level.value";

pub(super) const CONFIG_SCHEMA: &str = "\
Examples:
  oc-guardian config schema > oc-guardian.schema.json";

pub(super) const VERIFY: &str = "\
Examples:
  oc-guardian verify
  oc-guardian verify ghcr.io/orangecheck/oc-guardian:v1.2.3 --json | jq -r .digest
  oc-guardian verify ghcr.io/orangecheck/oc-guardian:latest \\
    --certificate-identity-regexp https://github.com/orangecheck/oc-guardian-kit
  oc-guardian verify registry.example/guardian:v1.2.3 \\
    --key cosign.pub --trusted-root trusted_root.json
  oc-guardian verify --bundle oc-guardian.tar.gz.sigstore.json oc-guardian.tar.gz

Exit codes: 0 verified, 3 not trusted, 1 the registry or a file could not be read.";

pub(super) const TRUST: &str = "\
Examples:
  oc-guardian trust show
  oc-guardian trust update";

pub(super) const TRUST_SHOW: &str = "\
Examples:
  oc-guardian trust show
  oc-guardian trust show --json | jq -r .age_days
  oc-guardian trust show --trusted-root trusted_root.json";

pub(super) const TRUST_UPDATE: &str = "\
Examples:
  oc-guardian trust update
  oc-guardian trust update --mirror https://tuf.example.org
  oc-guardian trust update --mirror https://tuf.example.org/sigstore --root root.json    (a private Sigstore)

Exit codes: 0 up to date, 3 what the mirror has is not to be trusted, 1 it could not be fetched.";

pub(super) const CHARTER: &str = "\
Examples:
  oc-guardian charter sign oc-me-v1.json --into oc-me-v1.json
  oc-guardian federation trust oc-me-v1.json";

pub(super) const CHARTER_SIGN: &str = "\
Examples:
  oc-guardian charter sign oc-me-v1.json --into oc-me-v1.json
  oc-guardian charter sign oc-me-v1.json --out my-signature.json
  oc-guardian charter sign oc-me-v1.json --post --expect-hash 64-HEX-DIGITS    (without a terminal)

Exit codes: 0 signed; 5 a person or the policy said no; 1 anything else failed.";

pub(super) const DEVNET: &str = "\
Examples:
  oc-guardian devnet
  oc-guardian devnet --guardians 7 --threshold 5 --port 8080
  oc-guardian devnet --pull    (signing servers fetch from the guardians)
  oc-guardian devnet pin none
  oc-guardian devnet stop

Exit codes: 0 stopped as asked; 1 it could not start.";

pub(super) const DEVNET_PIN: &str = "\
Examples:
  oc-guardian devnet pin
  oc-guardian devnet pin sha256:64-HEX-DIGITS    (guardians with another image turn red)
  oc-guardian devnet pin own";

pub(super) const DEVNET_STOP: &str = "\
Examples:
  oc-guardian devnet stop
  oc-guardian devnet stop --home /var/tmp";

pub(super) const FEDERATION: &str = "\
Examples:
  oc-guardian federation trust oc-me-v1.json
  oc-guardian federation show";

pub(super) const FEDERATION_TRUST: &str = "\
Examples:
  oc-guardian federation trust oc-me-v1.json
  oc-guardian federation trust oc-me-v1.json --expect-hash 64-HEX-DIGITS    (without a terminal)";

pub(super) const FEDERATION_SHOW: &str = "\
Examples:
  oc-guardian federation show
  oc-guardian federation show oc-me-v1 --json | jq -r '.federations[0].membership_hash'";

pub(super) const POLICY: &str = "\
Examples:
  oc-guardian policy init
  oc-guardian policy check
  oc-guardian policy test request.json";

pub(super) const POLICY_INIT: &str = "\
Examples:
  oc-guardian policy init
  oc-guardian policy init --federation oc-me-v1 --force";

pub(super) const POLICY_CHECK: &str = "\
Examples:
  oc-guardian policy check
  oc-guardian policy check new-policy.toml
  oc-guardian policy check --json | jq -r '.rules[].warnings[]'";

pub(super) const POLICY_TEST: &str = "\
Examples:
  oc-guardian policy test request.json
  oc-guardian policy test request.json --policy new-policy.toml --json | jq -r .effect
  oc-guardian policy test - < request.json";

pub(super) const SIGN: &str = "\
Examples:
  oc-guardian sign --serve    (and fetch the requests of the container oc-guardian)
  DOCKER_HOST=ssh://me@server oc-guardian sign --serve    (the guardian on a server, the key here)
  oc-guardian sign --serve --guardian /srv/guardian/rpc.sock
  oc-guardian sign --serve --guardian none --allow-uid 65532 --listen 127.0.0.1:9180
  oc-guardian sign --pending
  oc-guardian sign --approve 69248900abababababababababababab
  oc-guardian sign request.json > envelope.json
  oc-guardian sign --print-unit > ~/.config/systemd/user/oc-guardian-sign.service

Exit codes: 0 signed, or stopped as asked; 5 the policy or a person said no; 1 anything else failed.";

pub(super) const GUARDIAN: &str = "\
Examples:
  oc-guardian guardian --config oc-guardian.config
  oc-guardian guardian --config oc-guardian.config --api-listen 127.0.0.1:9000 --p2p-listen 127.0.0.1:9001

Exit codes: 0 stopped as asked; 1 it could not start: bad config bundle, port taken.";

pub(super) const GUARDIAN_HEALTHCHECK: &str = "\
Examples:
  oc-guardian guardian healthcheck
  oc-guardian guardian healthcheck --api http://127.0.0.1:9000 --json | jq -r .state";

pub(super) const GUARDIAN_RPC: &str = "\
Examples:
  docker exec -i oc-guardian /oc-guardian guardian rpc";

pub(super) const GUARDIAN_STANDBY: &str = "\
Examples:
  docker exec oc-guardian /oc-guardian guardian standby
  oc-guardian guardian standby --config oc-guardian.config --api http://127.0.0.1:9000";

pub(super) const GUARDIAN_ACTIVATE: &str = "\
Examples:
  docker exec oc-guardian /oc-guardian guardian activate";

pub(super) const AUDIT: &str = "\
Examples:
  oc-guardian audit log --since 24h
  oc-guardian audit verify
  oc-guardian audit head";

pub(super) const AUDIT_LOG: &str = "\
Examples:
  oc-guardian audit log --since 24h
  oc-guardian audit log --event denied --event expired --limit 20
  oc-guardian audit log --limit 0 --json | jq -r 'select(.event == \"signed\") | .payload'";

pub(super) const AUDIT_VERIFY: &str = "\
Examples:
  oc-guardian audit verify
  oc-guardian audit verify --head head.json --passphrase-file pass.txt
  oc-guardian audit verify --export audit-2026.jsonl --pubkey 64-HEX-DIGITS
  oc-guardian audit verify --json | jq -r '.findings[] | \"\\(.file):\\(.line) \\(.reason)\"'

Exit codes: 0 whole, 1 not what was written; each finding is named with file and line.";

pub(super) const AUDIT_HEAD: &str = "\
Examples:
  oc-guardian audit head
  oc-guardian audit head --json > head.json";

pub(super) const AUDIT_EXPORT: &str = "\
Examples:
  oc-guardian audit export --out audit-2026.jsonl";

pub(super) const AUDIT_ACCEPT_CLOCK: &str = "\
Examples:
  oc-guardian audit accept-clock";

pub(super) const STATUS: &str = "\
Examples:
  oc-guardian status
  oc-guardian status --json | jq .problems
  oc-guardian status --name oc-guardian-2 --json | jq .guardian.health

Exit codes: 0 all in order, 4 a problem was found; each is named with its remedy.";

pub(super) const PORTAL: &str = "\
Examples:
  oc-guardian portal status
  OC_PORTAL_BASE=http://127.0.0.1:8080 oc-guardian portal status";

pub(super) const PORTAL_STATUS: &str = "\
Examples:
  oc-guardian portal status
  oc-guardian portal status --json | jq -r .attestation.color
  oc-guardian portal status --federation oc-me-v1 --portal-base https://me.ochk.io

Exit codes: 0 all in order, 4 a problem was found; each is named with its remedy.";

pub(super) const INCIDENT: &str = "\
Examples:
  oc-guardian incident publish --severity warning --title 'Disk is 91 % full'
  oc-guardian incident list
  oc-guardian incident list --federation oc-me-v1 --json";

pub(super) const INCIDENT_PUBLISH: &str = "\
Examples:
  oc-guardian incident publish --severity warning --title 'Disk is 91 % full'
  oc-guardian incident publish --severity info --tag upgrade --title 'Upgrading at 18:00 UTC' --body-file plan.txt
  echo 'Power failure.' | oc-guardian incident publish --severity critical --title 'Host down' --body-file -";

pub(super) const INCIDENT_LIST: &str = "\
Examples:
  oc-guardian incident list
  oc-guardian incident list --last 5
  oc-guardian incident list --federation oc-me-v1 --json | jq -r '.incidents[].title'";

pub(super) const COMPLETIONS: &str = "\
Examples:
  oc-guardian completions bash > ~/.local/share/bash-completion/completions/oc-guardian
  oc-guardian completions zsh --out-dir ~/.zfunc";

pub(super) const MAN: &str = "\
Examples:
  oc-guardian man | man -l -
  oc-guardian man --out-dir ~/.local/share/man/man1";

pub(super) const RUN: &str = "\
Examples:
  oc-guardian run                          verify, pull and start the guardian of the config bundle
  oc-guardian run --image ghcr.io/orangecheck/oc-guardian:v0.2.0
  DOCKER_HOST=ssh://server oc-guardian run --bundle-path /etc/oc-guardian/oc-guardian.config";

pub(super) const UPGRADE: &str = "\
Examples:
  oc-guardian upgrade                      verify, warm up, hand over, or roll back
  oc-guardian upgrade --check              say what is available: exits 0 (up to date) or 4
  oc-guardian upgrade --image ghcr.io/orangecheck/oc-guardian:v0.2.1 --yes
  oc-guardian upgrade --yes --json         one event a line, for programs";

pub(super) const ROLLBACK: &str = "\
Examples:
  oc-guardian rollback                     back to the image before the last upgrade
  oc-guardian rollback --yes";

pub(super) const STOP: &str = "\
Examples:
  oc-guardian stop                         stop the guardian; run starts it again";

pub(super) const LOGS: &str = "\
Examples:
  oc-guardian logs
  oc-guardian logs --follow --tail 20
  oc-guardian logs --json | jq -r .text";

pub(super) const UNINSTALL: &str = "\
Examples:
  oc-guardian uninstall                    remove the containers; data, keys and logs stay
  oc-guardian uninstall --volumes          also remove the guardian's data volume";
