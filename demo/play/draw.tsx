import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Images } from '../../src/index.js';
import { answerFromOutputs, inputAt, outputsAt, spell } from '../model/answer.js';
import { centred } from '../model/pen.js';
import { usePage } from '../view/context.js';
import { shownNetworks } from './answers.js';
import { Digit } from './picture.js';

const SIDE = 196;
const PEN = 15;
const STEP = 7;

/** A pad to draw a digit on, and the networks' answers to the drawing. */
export function Draw() {
  const page = usePage();
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pen = useRef({ x: SIDE / 2, y: SIDE / 2, down: false });
  const drawing = useSignal<Images | undefined>(undefined);
  const caret = useSignal<{ x: number; y: number; down: boolean } | undefined>(undefined);
  const images = page.subject.value?.train;

  const context = () => canvas.current?.getContext('2d', { willReadFrequently: true });

  const look = () => {
    const pixels = context()?.getImageData(0, 0, SIDE, SIDE).data;
    if (!pixels || !images) return;
    const ink = new Uint8ClampedArray(SIDE * SIDE);
    for (let i = 0; i < ink.length; i++) ink[i] = pixels[4 * i + 3] ?? 0;
    drawing.value = ink.some((value) => value > 0) ? centred(ink, SIDE, images) : undefined;
  };

  const lineTo = (x: number, y: number) => {
    const paint = context();
    if (!paint) return;
    paint.lineWidth = PEN;
    paint.lineCap = 'round';
    paint.lineJoin = 'round';
    paint.beginPath();
    paint.moveTo(pen.current.x, pen.current.y);
    paint.lineTo(x + 0.01, y);
    paint.stroke();
    look();
  };

  const at = ({ offsetX, offsetY, currentTarget }: PointerEvent) => {
    const scale = SIDE / ((currentTarget as HTMLElement).clientWidth || SIDE);
    return { x: offsetX * scale, y: offsetY * scale };
  };

  const lift = () => {
    pen.current.down = false;
  };

  const onKey = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    const move = moves[event.key];
    const inside = (value: number) => Math.min(SIDE - PEN, Math.max(PEN, value));
    if (move) {
      const x = inside(pen.current.x + move[0]);
      const y = inside(pen.current.y + move[1]);
      if (pen.current.down) lineTo(x, y);
      pen.current = { ...pen.current, x, y };
    } else if (event.key === ' ') pen.current.down = !pen.current.down;
    else if (event.key === 'Delete' || event.key === 'Backspace') clear();
    else return;
    event.preventDefault();
    caret.value = { ...pen.current };
  };

  const clear = () => {
    context()?.clearRect(0, 0, SIDE, SIDE);
    look();
  };

  useEffect(look, [images]);

  return (
    <section class="card draw" aria-labelledby="draw-title">
      <h2 id="draw-title">Draw a digit yourself</h2>
      <div class="desk">
        <div
          class="pad"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the pad can be drawn on with the keyboard.
          tabIndex={0}
          role="application"
          aria-label="Drawing pad. Arrow keys move the pen, Space puts it down or lifts it, Delete clears."
          onKeyDown={onKey}
          onFocus={() => {
            // The caret shows where the pen is, which only a keyboard user has to be told.
            if (place.current?.matches(':focus-visible')) caret.value = { ...pen.current };
          }}
          onBlur={() => {
            caret.value = undefined;
          }}
          ref={place}
        >
          <canvas
            ref={canvas}
            width={SIDE}
            height={SIDE}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              caret.value = undefined;
              pen.current = { ...at(event), down: true };
              lineTo(pen.current.x, pen.current.y);
            }}
            onPointerMove={(event) => {
              if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
              const { x, y } = at(event);
              lineTo(x, y);
              pen.current = { x, y, down: true };
            }}
            onPointerUp={lift}
            onPointerCancel={lift}
          />
          {caret.value && (
            <i
              class={caret.value.down ? 'caret down' : 'caret'}
              style={{
                left: `${(100 * caret.value.x) / SIDE}%`,
                top: `${(100 * caret.value.y) / SIDE}%`,
              }}
            />
          )}
          {!drawing.value && <span class="invite">draw here</span>}
        </div>
        <Opinions drawing={drawing.value} />
      </div>
      <button type="button" disabled={!drawing.value} onClick={clear}>
        Clear
      </button>
    </section>
  );
}

function Opinions({ drawing }: { readonly drawing: Images | undefined }) {
  const page = usePage();
  const { task, loss } = page.session.play.value?.settings ?? page.settings.value;
  const networks = shownNetworks(page);
  if (networks.length === 0) {
    return <p class="note">Press Play first: the networks have learned nothing yet.</p>;
  }
  if (!drawing) return <p class="note">The networks wait for your digit.</p>;
  const input = inputAt(drawing, 0);
  return (
    <div class="opinions">
      <div class="seen">
        <Digit images={drawing} index={0} label="Your digit as the networks see it" />
        <span class="note">as they see it</span>
      </div>
      <dl aria-live="polite">
        {networks.map(([name, look, network]) => {
          const outputs = outputsAt(network, input);
          const answer = answerFromOutputs(outputs);
          return (
            <div key={name} class={look}>
              <dt>{name}</dt>
              <dd>{spell(task, answer)}</dd>
              {outputs.length > 1 && (
                <Bars
                  strengths={loss === 'cross-entropy' ? softmax(outputs) : outputs}
                  answer={answer}
                />
              )}
            </div>
          );
        })}
      </dl>
    </div>
  );
}

function softmax(logits: readonly number[]): readonly number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** A network's outputs as bars. Training aims at 1 for the right digit and 0 for the others. */
function Bars({
  strengths,
  answer,
}: {
  readonly strengths: readonly number[];
  readonly answer: number;
}) {
  return (
    <div class="bars" aria-hidden="true">
      {strengths.map((strength, digit) => (
        <span key={digit} class={digit === answer ? 'chosen' : ''}>
          <i style={{ height: `${Math.round(100 * Math.min(1, Math.max(0.02, strength)))}%` }} />
          {digit}
        </span>
      ))}
    </div>
  );
}
