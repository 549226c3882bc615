use snapbox::str;

use super::config_check::GOOD;
use crate::support::Home;

#[test]
fn values_and_where_they_come_from() {
    let home = Home::with_identity();
    let bundle = GOOD
        .replace("op-132f39a98c31baaddba6525f5d43f295", "op-132f39a98c31baad")
        .replace("\"info\"", "\"info\", \"data_dir\": \"/data\"");
    home.write("home/config/oc-guardian.config", bundle);
    home.run(&["config", "show"]).is(str![[r#"
$ oc-guardian config show
operator_id           op-132f39a98c31baaddba6525f5d43f295                               file
operator_pubkey_hex   79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798  file
federation_slug       oc-me-v1                                                          file
attestation_post_url  https://me.ochk.io/api/operator/attestation                       file
log_level             info                                                              file
scheme                bip340                                                            default
directory_url         -                                                                 unset
public_host           -                                                                 unset
extra_ca_file         -                                                                 unset
image_digest          -                                                                 unset
signer_url            -                                                                 unset
signer_token_file     -                                                                 unset
data_dir              /data                                                             file
--- exit 0

"#]]);
    home.run(&["config", "show", "--json"]).is(str![[r#"
$ oc-guardian config show --json
{"ok":true,"file":"[DIR]/home/config/oc-guardian.config","fields":{"operator_id":{"value":"op-132f39a98c31baaddba6525f5d43f295","source":"file"},"operator_pubkey_hex":{"value":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","source":"file"},"federation_slug":{"value":"oc-me-v1","source":"file"},"attestation_post_url":{"value":"https://me.ochk.io/api/operator/attestation","source":"file"},"log_level":{"value":"info","source":"file"},"scheme":{"value":"bip340","source":"default"},"directory_url":{"value":null,"source":"unset"},"public_host":{"value":null,"source":"unset"},"extra_ca_file":{"value":null,"source":"unset"},"image_digest":{"value":null,"source":"unset"},"signer_url":{"value":null,"source":"unset"},"signer_token_file":{"value":null,"source":"unset"},"data_dir":{"value":"/data","source":"file"}}}
--- exit 0

"#]]);
}

#[test]
fn a_bad_one_is_not_shown() {
    let home = Home::with_identity();
    home.write("my bundle", GOOD.replace("info", "chatty"));
    home.run(&["config", "show", "my bundle"]).is(str![[r#"
$ oc-guardian config show my bundle
--- stderr
error: my bundle has 1 error
hint: See them with: oc-guardian config check 'my bundle'
--- exit 1

"#]]);
}
