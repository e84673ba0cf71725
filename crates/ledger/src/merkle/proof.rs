//! Proofs that a leaf is in a tree, and that a larger tree contains a smaller one unchanged.

use serde::{Deserialize, Serialize};

use super::{Digest, Tree, node_hash};

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProofRefusal {
    /// Indices, sizes and length of the path do not belong to one tree.
    #[error("the proof has not the shape of a proof for this tree")]
    Malformed,
    #[error("the proof does not lead to the root")]
    Mismatch,
}

/// This leaf stands at this place of the tree (RFC 9162 §2.1.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InclusionProof {
    /// From 0.
    pub index: u64,
    pub size: u64,
    /// From the leaf's sibling up.
    pub path: Vec<Digest>,
}

impl InclusionProof {
    /// `None` if there is no such leaf.
    pub fn of(index: usize, leaf_hashes: &[Digest]) -> Option<Self> {
        leaf_hashes.get(index)?;
        let mut path = Vec::new();
        inclusion_path(index, leaf_hashes, &mut path);
        Some(Self {
            index: u64::try_from(index).ok()?,
            size: u64::try_from(leaf_hashes.len()).ok()?,
            path,
        })
    }

    /// RFC 9162 §2.1.3.2. `root` is trusted, e.g. from a signed checkpoint of that size.
    pub fn verify(&self, leaf_hash: Digest, root: Digest) -> Result<(), ProofRefusal> {
        if self.index >= self.size {
            return Err(ProofRefusal::Malformed);
        }
        let mut walk = Walk { node: self.index, last: self.size - 1 };
        let mut hash = leaf_hash;
        for sibling in &self.path {
            hash = match walk.step()? {
                Sibling::Left => node_hash(sibling, &hash),
                Sibling::Right => node_hash(&hash, sibling),
            };
        }
        walk.finish()?;
        if hash == root { Ok(()) } else { Err(ProofRefusal::Mismatch) }
    }
}

/// The tree of the old size is the beginning of the tree of the new size (RFC 9162 §2.1.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// At least 1: about an empty tree there is nothing to prove.
    pub old_size: u64,
    pub new_size: u64,
    pub path: Vec<Digest>,
}

impl ConsistencyProof {
    /// `None` if there are fewer leaves than `old_size`, or that is 0.
    pub fn of(old_size: usize, leaf_hashes: &[Digest]) -> Option<Self> {
        if old_size == 0 || old_size > leaf_hashes.len() {
            return None;
        }
        let mut path = Vec::new();
        consistency_path(old_size, leaf_hashes, Known::Yes, &mut path);
        Some(Self {
            old_size: u64::try_from(old_size).ok()?,
            new_size: u64::try_from(leaf_hashes.len()).ok()?,
            path,
        })
    }

    /// RFC 9162 §2.1.4.2. Both roots are trusted; what is proven is how they belong together.
    pub fn verify(&self, old_root: Digest, new_root: Digest) -> Result<(), ProofRefusal> {
        if self.old_size == 0 || self.old_size > self.new_size {
            return Err(ProofRefusal::Malformed);
        }
        if self.old_size == self.new_size {
            return match (self.path.is_empty(), old_root == new_root) {
                (true, true) => Ok(()),
                (true, false) => Err(ProofRefusal::Mismatch),
                (false, _) => Err(ProofRefusal::Malformed),
            };
        }
        let mut walk = Walk { node: self.old_size - 1, last: self.new_size - 1 };
        walk.skip_complete();
        // A complete old tree is a node of the new one; its own root is then where to begin.
        let mut path = self.path.iter().copied();
        let begin = if self.old_size.is_power_of_two() { Some(old_root) } else { path.next() };
        let mut old = begin.ok_or(ProofRefusal::Malformed)?;
        let mut new = old;
        for sibling in path {
            match walk.step()? {
                Sibling::Left => {
                    old = node_hash(&sibling, &old);
                    new = node_hash(&sibling, &new);
                }
                Sibling::Right => new = node_hash(&new, &sibling),
            }
        }
        walk.finish()?;
        if old == old_root && new == new_root { Ok(()) } else { Err(ProofRefusal::Mismatch) }
    }
}

enum Sibling {
    Left,
    Right,
}

/// The way up from a node, beside the way up from the last node of its level: `fn` and `sn` of
/// RFC 9162.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    fn step(&mut self) -> Result<Sibling, ProofRefusal> {
        if self.last == 0 {
            return Err(ProofRefusal::Malformed);
        }
        let sibling = if self.node & 1 == 1 || self.node == self.last {
            // The last node of an uneven level has no sibling until a level above.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
            Sibling::Left
        } else {
            Sibling::Right
        };
        self.up();
        Ok(sibling)
    }

    /// Up to the root of the largest complete subtree that ends at this node.
    fn skip_complete(&mut self) {
        while self.node & 1 == 1 {
            self.up();
        }
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    fn finish(&self) -> Result<(), ProofRefusal> {
        if self.last == 0 { Ok(()) } else { Err(ProofRefusal::Malformed) }
    }
}

/// `PATH` of RFC 6962 §2.1.1.
fn inclusion_path(index: usize, leaves: &[Digest], path: &mut Vec<Digest>) {
    if leaves.len() <= 1 {
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    match index.checked_sub(left.len()) {
        None => {
            inclusion_path(index, left, path);
            path.push(root_of(right));
        }
        Some(index) => {
            inclusion_path(index, right, path);
            path.push(root_of(left));
        }
    }
}

/// Whether the verifier holds the root of the subtree at hand: it does while that is the old tree.
#[derive(Clone, Copy)]
enum Known {
    Yes,
    No,
}

/// `SUBPROOF` of RFC 6962 §2.1.2.
fn consistency_path(old_size: usize, leaves: &[Digest], known: Known, path: &mut Vec<Digest>) {
    if old_size == leaves.len() {
        match known {
            Known::Yes => {}
            Known::No => path.push(root_of(leaves)),
        }
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    match old_size.checked_sub(left.len()) {
        None | Some(0) => {
            consistency_path(old_size, left, known, path);
            path.push(root_of(right));
        }
        Some(old_size) => {
            consistency_path(old_size, right, Known::No, path);
            path.push(root_of(left));
        }
    }
}

/// The largest power of two smaller than `length`, for `length >= 2`.
fn split(length: usize) -> usize {
    length.next_power_of_two() / 2
}

fn root_of(leaves: &[Digest]) -> Digest {
    leaves.iter().copied().collect::<Tree>().root()
}
