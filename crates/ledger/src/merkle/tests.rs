use proptest::prelude::*;

use super::*;

/// Leaves and roots that Certificate Transparency implementations test against.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hashes(count: usize) -> Vec<Digest> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

fn root(leaves: &[Digest]) -> Digest {
    leaves.iter().copied().collect::<Tree>().root()
}

/// `MTH` as RFC 6962 §2.1 defines it: slow and obviously right.
fn defined_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(&[]),
        [leaf] => *leaf,
        _ => {
            let mut middle = 1;
            while middle * 2 < leaves.len() {
                middle *= 2;
            }
            node_hash(&defined_root(&leaves[..middle]), &defined_root(&leaves[middle..]))
        }
    }
}

#[test]
fn roots_are_those_of_certificate_transparency() {
    let mut tree = Tree::new();
    assert_eq!(tree.root().to_string(), ROOTS[0]);
    for (leaf, expected) in LEAVES.iter().zip(&ROOTS[1..]) {
        tree.push(leaf_hash(leaf));
        assert_eq!(tree.root().to_string(), *expected, "at size {}", tree.size());
    }
}

#[test]
fn proofs_are_those_of_certificate_transparency() {
    let leaves: Vec<_> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
    let text = |path: &[Digest]| path.iter().map(Digest::to_string).collect::<Vec<_>>();
    assert_eq!(
        text(&InclusionProof::of(0, &leaves).unwrap().path),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        text(&ConsistencyProof::of(6, &leaves).unwrap().path),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_nothing_longer_or_shorter_does() {
    for size in 1..=33 {
        let leaves = hashes(size);
        let new_root = root(&leaves);
        assert_eq!(new_root, defined_root(&leaves));
        for index in 0..size {
            let proof = InclusionProof::of(index, &leaves).unwrap();
            assert_eq!(proof.verify(leaves[index], new_root), Ok(()), "{index} of {size}");
            for path in other_lengths(&proof.path) {
                let wrong = InclusionProof { path, ..proof.clone() };
                assert!(wrong.verify(leaves[index], new_root).is_err());
            }
        }
        for old_size in 1..=size {
            let proof = ConsistencyProof::of(old_size, &leaves).unwrap();
            let old_root = root(&leaves[..old_size]);
            assert_eq!(proof.verify(old_root, new_root), Ok(()), "{old_size} of {size}");
            for path in other_lengths(&proof.path) {
                let wrong = ConsistencyProof { path, ..proof.clone() };
                assert!(wrong.verify(old_root, new_root).is_err(), "{old_size} of {size}");
            }
        }
    }
}

fn other_lengths(path: &[Digest]) -> Vec<Vec<Digest>> {
    let longer = path.iter().copied().chain([leaf_hash(b"more")]).collect();
    let shorter = path.split_last().map(|(_, rest)| rest.to_vec());
    shorter.into_iter().chain([longer]).collect()
}

#[test]
fn there_is_no_proof_for_a_leaf_or_a_size_outside_the_tree() {
    let leaves = hashes(5);
    assert_eq!(InclusionProof::of(5, &leaves), None);
    assert_eq!(ConsistencyProof::of(6, &leaves), None);
    assert_eq!(ConsistencyProof::of(0, &leaves), None);

    let root = root(&leaves);
    let outside = InclusionProof { index: 5, size: 5, path: Vec::new() };
    assert_eq!(outside.verify(leaves[4], root), Err(ProofRefusal::Malformed));
    for (old_size, new_size) in [(0, 5), (6, 5)] {
        let proof = ConsistencyProof { old_size, new_size, path: Vec::new() };
        assert_eq!(proof.verify(root, root), Err(ProofRefusal::Malformed));
    }
}

#[test]
fn a_leaf_does_not_pass_for_a_node() {
    let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
    let joined = [left.as_bytes().as_slice(), right.as_bytes()].concat();
    assert_ne!(leaf_hash(&joined), node_hash(&left, &right));
}

#[test]
fn a_digest_is_read_only_as_it_is_written() {
    let digest = leaf_hash(b"x");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    let text = digest.to_string();
    let wrong = [text.to_uppercase(), text[1..].to_owned(), format!("{text}00"), "đ".repeat(32)];
    for bad in wrong {
        assert_eq!(bad.parse::<Digest>(), Err(DigestError), "{bad}");
    }
}

#[test]
fn peaks_that_do_not_fit_the_size_make_no_tree() {
    let tree: Tree = hashes(6).into_iter().collect();
    assert_eq!(Tree::resume(tree.size(), tree.peaks().to_vec()), Some(tree.clone()));
    assert_eq!(Tree::resume(7, tree.peaks().to_vec()), None);
}

/// A value that is certainly not `digest`.
fn altered(digest: Digest, byte: usize, bits: u8) -> Digest {
    let mut bytes = *digest.as_bytes();
    bytes[byte % 32] ^= bits.max(1);
    Digest::from_bytes(bytes)
}

proptest! {
    #[test]
    fn the_growing_tree_has_the_defined_root(size in 0_usize..600, cut in 0_usize..600) {
        let leaves = hashes(size);
        let (before, after) = leaves.split_at(cut.min(size));
        let kept: Tree = before.iter().copied().collect();
        let mut resumed = Tree::resume(kept.size(), kept.peaks().to_vec()).unwrap();
        resumed.extend(after.iter().copied());
        prop_assert_eq!(resumed.root(), defined_root(&leaves));
    }

    #[test]
    fn an_inclusion_proof_holds_for_its_leaf_its_place_and_its_root_alone(
        size in 1_usize..300, index: prop::sample::Index, byte: usize, bits: u8,
        step: prop::sample::Index,
    ) {
        let leaves = hashes(size);
        let index = index.index(size);
        let (leaf, root) = (leaves[index], root(&leaves));
        let proof = InclusionProof::of(index, &leaves).unwrap();
        prop_assert_eq!(proof.verify(leaf, root), Ok(()));
        prop_assert!(proof.verify(altered(leaf, byte, bits), root).is_err());
        prop_assert!(proof.verify(leaf, altered(root, byte, bits)).is_err());
        if !proof.path.is_empty() {
            let mut wrong = proof.clone();
            let digest = &mut wrong.path[step.index(proof.path.len())];
            *digest = altered(*digest, byte, bits);
            prop_assert_eq!(wrong.verify(leaf, root), Err(ProofRefusal::Mismatch));
            let moved = InclusionProof { index: proof.index ^ 1, ..proof };
            prop_assert!(moved.verify(leaf, root).is_err());
        }
    }

    #[test]
    fn a_consistency_proof_holds_only_for_trees_of_which_one_begins_the_other(
        size in 1_usize..300, old: prop::sample::Index, changed: prop::sample::Index, byte: usize,
        bits: u8,
    ) {
        let mut leaves = hashes(size);
        let old_size = 1 + old.index(size);
        let old_root = root(&leaves[..old_size]);
        let proof = ConsistencyProof::of(old_size, &leaves).unwrap();
        prop_assert_eq!(proof.verify(old_root, root(&leaves)), Ok(()));

        // Somebody rewrites history and proves as well as one can from what is left.
        let changed = changed.index(old_size);
        leaves[changed] = altered(leaves[changed], byte, bits);
        let forged = ConsistencyProof::of(old_size, &leaves).unwrap();
        prop_assert!(forged.verify(old_root, root(&leaves)).is_err());
        prop_assert!(proof.verify(old_root, root(&leaves)).is_err());
    }
}
