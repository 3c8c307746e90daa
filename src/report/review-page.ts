import type { FailedPhoto } from '../audit/protection/receipt.ts';
import { html, type Markup } from './escape.ts';
import { renderPage, titled } from './page.ts';
import { failedPhotos } from './sections/protection.ts';

/** A face on a review sheet; pictures are data URIs. */
export interface ReviewedFace {
  readonly title: string;
  readonly before: string;
  readonly after: string;
  /** Edited faces are framed as what they are. */
  readonly isMade: boolean;
  /** What is to be said of it, the weightier in front. */
  readonly notes: readonly string[];
}

/** A photo on a review sheet. */
export interface ReviewedPhoto {
  readonly name: string;
  readonly sentence: string;
  readonly faces: readonly ReviewedFace[];
  /** What may be faces and was seen with too little confidence. */
  readonly possible: readonly ReviewedFace[];
}

/** Renders a sheet of all faces of a batch, for the one whose photos these are: faces found, faces that may have been missed, photos without any, and photos that failed. */
export function renderReview(photos: readonly ReviewedPhoto[], failed: readonly FailedPhoto[]): string {
  const faces = photos.reduce((sum, photo) => sum + photo.faces.length, 0);
  const without = photos.filter((photo) => photo.faces.length === 0);
  const unsure = photos.filter(({ possible }) => possible.length > 0);
  const title = `${faces} faces in ${photos.length} photos, to be looked at`;
  return renderPage({
    title,
    header: titled('Faceward, protection of photos', title),
    main: html`<p><strong>This sheet shows the faces of your photos as they were before.</strong> Keep it to yourself, and delete it when you have looked at it.</p>
${failedPhotos(failed)}
${without.length > 0 && html`<h2>No face was found in</h2><p>Look at these: a face that was missed is not protected.</p><ul>${without.map(({ name }) => html`<li>${name}</li>`)}</ul>`}
${unsure.length > 0 && html`<h2>May be faces</h2><p>Seen with too little confidence to be treated as faces.</p>${unsure.map(({ name, possible }) => html`<h3>${name}</h3>${figures(possible)}`)}`}
<h2>Faces</h2>
${photos.filter((photo) => photo.faces.length > 0).map(photoSection)}`,
    note: 'Left: as it was. Right: as it is written. A dashed frame stands around a face that was edited.',
    hasPictures: true,
  });
}

const photoSection = ({ name, sentence, faces }: ReviewedPhoto): Markup =>
  html`<section><h3>${name}</h3><p>${sentence}</p>${figures(faces)}</section>`;

const figures = (faces: readonly ReviewedFace[]): Markup =>
  html`<div class="faces">${faces.map(
    ({ title, before, after, isMade, notes }) =>
      html`<figure><div class="pair"><img src="${before}" width="72" height="72" alt="${title}, before"><img${isMade && html` class="made"`} src="${after}" width="72" height="72" alt="${title}, after"></div><figcaption><strong>${title}</strong>${notes.map((note) => html`<br><span>${note}</span>`)}</figcaption></figure>`,
  )}</div>`;
