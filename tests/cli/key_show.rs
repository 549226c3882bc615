use snapbox::str;

use crate::support::Home;

#[test]
fn shows_the_public_half() {
    Home::with_identity().run(&["key", "show"]).is(str![[r#"
$ oc-guardian key show
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
origin         imported
made           [TIME]
--- exit 0

"#]]);
}

#[test]
fn without_an_identity_it_says_how_to_make_one() {
    Home::new().run(&["key", "show"]).is(str![[r#"
$ oc-guardian key show
--- stderr
error: there is no operator identity at [DIR]/home/config/operator.json
hint: Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)
--- exit 1

"#]]);
    Home::new().run(&["key", "show", "--json"]).is(str![[r#"
$ oc-guardian key show --json
{"ok":false,"reason":"no-identity","detail":"there is no operator identity at [DIR]/home/config/operator.json","hint":"Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)"}
--- exit 1

"#]]);
}
