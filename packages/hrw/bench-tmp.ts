import xxhash from "xxhash-wasm";
const api = await xxhash();
const M = (1n<<64n)-1n;
function hBig(x: bigint): bigint {
  let z = (x + 0x9e3779b97f4a7c15n) & M;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & M;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & M;
  z = ((z ^ (z >> 31n)) + 0x9e3779b97f4a7c15n) & M;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & M;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & M;
  z = ((z ^ (z >> 31n)) * 5n) & M;
  z = ((z << 7n) | (z >> 57n)) & M;
  return (z * 9n) & M;
}
console.log(hBig(4573842n), hBig(0n));
const D = ["t1","t2","t3"].map(t => api.h64(t, 1103515245n));
const N = 200000;
for (let r=0;r<3;r++){
let t = performance.now(); let s = 0n;
for (let i=0;i<N;i++) s ^= api.h64("ais/@#/bucket/dir/object-" + i, 1103515245n);
console.log("digest ns", (performance.now()-t)*1e6/N);
t = performance.now();
for (let i=0;i<N;i++) { const d = BigInt(i); let best=-1n; for (const D1 of D) { const w = hBig(D1 ^ d); if (w>best) best=w; } s^=best; }
console.log("weights big ns", (performance.now()-t)*1e6/N, s&1n);
}
