import { readFileSync } from 'node:fs';
import { openEncoder } from '../../src/encoder/open-encoder.ts';
import { cropView } from '../../src/encoder/canonical-face.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { float32 } from '../../src/graph/tensor.ts';
import { decodeImage } from '../../src/image/decode.ts';
import { toPlanar } from '../../src/image/tensor.ts';
import { createSession } from '../../src/runtime/session.ts';
import { Random } from '../../src/util/random.ts';
const D='../shared/data/';
const specs: [string, number][] = [[D+'models/encoders/mobilefacenet-foamliu/MobileFaceNet.dynbatch.onnx',2],[D+'models/encoders/mobileface-id-v2/mobileface_id_v2.onnx',2],['dlib',2],['faceres',1]];
for (const [spec,batch] of specs) {
  const t0=Date.now();
  const e = await openEncoder(spec,{cacheDir:'/tmp/g',threads:1});
  const faces=[];
  for (const n of ['Aaron_Peirsol','Abdullah_Gul'].slice(0,batch)) faces.push(cropView((await decodeImage(D+`lfw-aligned112/images/${n}/${n}_0001.jpg`)).image, e.view));
  const {widthPx:w,heightPx:h}=e.view; const shape=[batch,3,h,w];
  const x=toPlanar(faces);
  const s=await createSession(differentiate(e.graph!,{of:'embedding',wrt:['face'],batch,seeded:true}),{threads:1});
  const r=new Random(1);
  const seed=r.normals(batch*e.embeddingSize);
  const run=async(v:Float32Array,o:string[])=>(await s.run({face:float32(v,shape),seed_embedding:float32(seed,[batch,e.embeddingSize])},o)) as any;
  const f=async(v:Float32Array)=>{const y=(await run(v,['embedding'])).embedding.data; let t=0; for(let i=0;i<y.length;i++) t+=y[i]*seed[i]!; return t;};
  const g=(await run(x,['gradient_face'])).gradient_face.data;
  for (const kind of ['white','smooth']) {
    const errs: Record<string,number>={}; let size=0; const per:string[]=[];
    for(let k=0;k<(batch===1?2:4);k++){
      const d=kind==='white'?r.normals(x.length):smooth(r,batch*3,h,w);
      let exact=0; for(let i=0;i<x.length;i++) exact+=g[i]*d[i]!;
      size+=exact*exact;
      const c:Record<string,number>={};
      const at=(t:number)=>f(x.map((v,i)=>v+t*d[i]!));
      for(const st of [3e-5,1e-4,2e-4,4e-4,1e-3,2e-3]) c[st]=((await at(st))-(await at(-st)))/(2*st);
      c['R1e-4']=(4*c[1e-4]!-c[2e-4]!)/3; c['R2e-4']=(4*c[2e-4]!-c[4e-4]!)/3; c['R1e-3']=(4*c[1e-3]!-c[2e-3]!)/3;
      for(const q in c) errs[q]=(errs[q]??0)+(c[q]!-exact)**2;
    }
    console.log(spec.slice(-14),kind,'size',Math.sqrt(size).toFixed(2),Object.entries(errs).map(([q,v])=>q+':'+(100*Math.sqrt(v/size)).toFixed(2)+'%').join(' '),Date.now()-t0);
  }
}
function smooth(r:Random,planes:number,h:number,w:number){const out=new Float32Array(planes*h*w);for(let p=0;p<planes;p++){const c=Array.from({length:6},()=>[r.normals(1)[0]!,r.uniform()*4,r.uniform()*4,r.uniform()*6.28]);for(let y=0;y<h;y++)for(let x=0;x<w;x++){let v=0;for(const [a,fx,fy,ph] of c as number[][])v+=a!*Math.cos(6.28*(fx!*x/w+fy!*y/h)+ph!);out[(p*h+y)*w+x]=v/1.7;}}return out;}
