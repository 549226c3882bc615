//! Pages of the referrers API, made one index.

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::Misbehaviour;
use super::url::{authority, same_origin};
use crate::image::manifest::OCI_INDEX;

/// What is needed of a page; the entries stay as they are.
#[derive(Deserialize)]
struct Page {
    manifests: Vec<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<&'a RawValue>,
}

/// One page is passed on as it is; of several, the entries in order.
///
/// # Errors
/// [`Misbehaviour::Referrers`]
pub(super) fn join(mut pages: Vec<Vec<u8>>) -> Result<Vec<u8>, Misbehaviour> {
    if pages.len() == 1 {
        return Ok(pages.remove(0));
    }
    let parsed = pages.iter().map(|page| serde_json::from_slice::<Page>(page));
    let pages: Vec<Page> = parsed
        .collect::<Result<_, _>>()
        .map_err(|_| Misbehaviour::Referrers("a page is not an image index"))?;
    let index = Index {
        schema_version: 2,
        media_type: OCI_INDEX,
        manifests: pages
            .iter()
            .flat_map(|page| page.manifests.iter().map(Box::as_ref))
            .collect(),
    };
    serde_json::to_vec(&index).map_err(|_| Misbehaviour::Referrers("its pages do not fit together"))
}

/// Path and query of the next page, below `prefix`; `None` where there is none (RFC 8288, as distribution-spec has it).
///
/// # Errors
/// [`Misbehaviour::Referrers`] where it is on another host, or not a list of referrers.
pub(super) fn next<'a>(link: &'a str, current: &Uri, prefix: &str) -> Result<Option<&'a str>, Misbehaviour> {
    let Some(target) = target_of_next(link)? else {
        return Ok(None);
    };
    let path = if target.starts_with('/') && !target.starts_with("//") {
        target
    } else {
        let uri: Uri = target.parse().map_err(|_| MALFORMED)?;
        if !same_origin(current, &uri) {
            return Err(Misbehaviour::Referrers("the next page is on another host"));
        }
        let at = target.find(authority(&uri)).map(|at| at + authority(&uri).len());
        at.and_then(|at| target.get(at..)).unwrap_or_default()
    };
    match path.strip_prefix(prefix) {
        Some(rest) if rest.starts_with("referrers/") && !rest.contains("..") => Ok(Some(rest)),
        _ => Err(Misbehaviour::Referrers("the next page is no list of referrers")),
    }
}

const MALFORMED: Misbehaviour = Misbehaviour::Referrers("the link to the next page is malformed");

/// The target of the link with `rel="next"`, among all links of the header.
fn target_of_next(header: &str) -> Result<Option<&str>, Misbehaviour> {
    let mut rest = header.trim();
    while !rest.is_empty() {
        let link = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (target, after) = link.ok_or(MALFORMED)?;
        // Parameters go on to the next link. None that is of interest here can hold this sign.
        let end = after.find('<').unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            let parameter = parameter.trim_matches([' ', '\t', ',']);
            parameter.eq_ignore_ascii_case("rel=\"next\"") || parameter.eq_ignore_ascii_case("rel=next")
        });
        if is_next {
            return Ok(Some(target));
        }
        rest = &after[end..];
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_at_the_same_place() {
        let current: Uri = "https://r.example/v2/a/b/referrers/sha256:00".parse().unwrap();
        let next = |link: &'static str| next(link, &current, "/v2/a/b/");
        for good in [
            r#"</v2/a/b/referrers/sha256:00?n=1>; rel="next""#,
            "</v2/a/b/referrers/sha256:00?n=1>;rel=next",
            r#"<https://r.example/v2/a/b/referrers/sha256:00?n=1>; rel="next""#,
            r#"</v2/a/b/referrers/x>; rel="prev", </v2/a/b/referrers/sha256:00?n=1>; rel="next""#,
            r#"</v2/a/b/referrers/sha256:00?n=1>; rel="next", </v2/a/b/referrers/x>; rel="last""#,
            r#"<https://r.example:443/v2/a/b/referrers/sha256:00?n=1>; x=y; rel="next""#,
        ] {
            assert_eq!(next(good), Ok(Some("referrers/sha256:00?n=1")), "{good}");
        }
        assert_eq!(next(r#"</v2/a/b/referrers/x>; rel="prev""#), Ok(None));
        assert_eq!(next(""), Ok(None));
        for bad in [
            "</v2/a/b/referrers/x",
            "/v2/a/b/referrers/x",
            r#"<https://other.example/v2/a/b/referrers/x>; rel="next""#,
            r#"<http://r.example/v2/a/b/referrers/x>; rel="next""#,
            r#"<//other.example/v2/a/b/referrers/x>; rel="next""#,
            r#"</v2/c/referrers/x>; rel="next""#,
            r#"</v2/a/b/referrers/../../../c>; rel="next""#,
            r#"</v2/a/b/blobs/x>; rel="next""#,
            r#"<x>; rel="next""#,
            r#"<>; rel="next""#,
        ] {
            assert!(next(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_are_joined_in_order() {
        let page = |entries: &str| format!(r#"{{"manifests":[{entries}]}}"#).into_bytes();
        assert_eq!(join(vec![b"whatever".to_vec()]).unwrap(), b"whatever");
        let joined = join(vec![page(r#"{"a":1}"#), page(""), page(r#"{"a":2,"a":3}"#)]).unwrap();
        let wanted = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"a":1},{"a":2,"a":3}]}"#;
        assert_eq!(String::from_utf8(joined).unwrap(), wanted);
        assert!(join(vec![page(""), b"{}".to_vec()]).is_err());
    }
}
