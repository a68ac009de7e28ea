import type { UnitChoice } from '../../src/index.js';
import { grouped, plural } from '../../src/text.js';
import { short } from '../model/format.js';
import { Select } from '../view/control.js';
import { Aside } from './aside.js';
import { ChooseFiles, Fault, Picture, Trouble } from './bring.js';
import { fileSize } from './figures.js';
import { Pixels } from './pixels.js';
import type { NetworkView } from './protocol.js';
import type { Prune } from './state.js';

const MODELS = '.onnx,.h5,.hdf5,.keras,.json,.bin,.data,.safetensors,.pth,.pt,.th';

/** The network to be pruned: what it is, what of it can go, and how to bring another. */
export function NetworkCard({ prune }: { readonly prune: Prune }) {
  const { standing, troubles, doing } = prune;
  const network = standing.value?.network;
  const busy = doing.value !== undefined;
  const trouble = troubles.value.network;
  const aside = standing.value?.aside;
  return (
    <section class="card" aria-labelledby="prune-network">
      <h2 id="prune-network">
        <b class="number">1</b> Your network
      </h2>
      {network && (
        <>
          <p class="what">
            <b>{network.name}</b>
            {network.builtIn ? ', built in: trained here on CIFAR-10' : `, ${network.form}`}
          </p>
          <p class="about">
            {network.input.height} × {network.input.width} pixels
            {network.input.channels === 1 ? ' of grey' : ''} in, {plural(network.classes, 'answer')}{' '}
            out. {short(network.multiplyAdds)} multiply-adds a picture, {short(network.parameters)}{' '}
            parameters, {fileSize(network.bytes)}.
          </p>
        </>
      )}
      {standing.value?.lost && <p class="note">{standing.value.lost}</p>}
      {trouble && <Trouble text={trouble} />}
      {network?.obstacle && <Fault>{network.obstacle}</Fault>}
      {aside?.network !== undefined && <Aside prune={prune} aside={aside} />}
      <div class="row">
        <ChooseFiles
          label="Bring your network"
          name="prune-network"
          accept={MODELS}
          disabled={busy}
          onFiles={(files) => void prune.bring(files)}
        />
        {network && !network.builtIn && (
          <button type="button" disabled={busy} onClick={() => void prune.builtIn('network')}>
            Take the built-in one
          </button>
        )}
      </div>
      <p class="note">
        ONNX, Keras .h5, TensorFlow.js (model.json with its .bin), safetensors or PyTorch weights of
        a known architecture. Or drop it anywhere here. It stays on this machine
        {standing.value?.keeps === false
          ? '; this browser keeps nothing when the page is closed.'
          : ', also when you come back.'}
      </p>
      {network && <Layers network={network} prune={prune} />}
    </section>
  );
}

const UNITS = [
  ['inner', 'insides of blocks'],
  ['all', 'residual streams too'],
] as const satisfies readonly (readonly [UnitChoice, string])[];

function Layers({ network, prune }: { readonly network: NetworkView; readonly prune: Prune }) {
  const units = prune.standing.value?.units === 'all' ? 'all' : 'inner';
  const going = network.layers.filter(({ goes }) => goes).length;
  return (
    <details class="layers">
      <summary>
        {going} of {plural(network.layers.length, 'layer')} can get narrower
      </summary>
      <Select
        name="prune.units"
        label="What may go"
        hint="A residual stream is what shortcuts add to: all layers on it get narrower together."
        value={units}
        options={UNITS}
        onChange={(value) => void prune.choose({ units: value })}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
      <section class="scrolls" aria-label="Layers" tabIndex={0}>
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Channels</th>
              <th scope="col">Multiply-adds</th>
            </tr>
          </thead>
          <tbody>
            {network.layers.map((layer) => (
              <tr key={layer.name} class={layer.goes ? 'goes' : 'stays'}>
                <th scope="row">
                  {layer.name} <small>{layer.detail}</small>
                  <small class="why">{layer.why}</small>
                </th>
                <td>{grouped(layer.channels)}</td>
                <td>{short(layer.multiplyAdds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

/** Pictures that the cut is made and judged by. */
export function PicturesCard({ prune }: { readonly prune: Prune }) {
  const { standing, troubles, doing } = prune;
  const { network, pictures, misfit, preprocessing, guessed, aside } = standing.value ?? {};
  const busy = doing.value !== undefined;
  const trouble = troubles.value.pictures;
  const reading = doing.value?.place === 'pictures' ? doing.value.progress : undefined;
  return (
    <section class="card" aria-labelledby="prune-pictures">
      <h2 id="prune-pictures">
        <b class="number">2</b> Some pictures
      </h2>
      {pictures ? (
        <>
          <p class="what">
            <b>{plural(pictures.count, 'picture')}</b>, {pictures.name}
            {pictures.labelled ? ', labelled' : ', unlabelled'}
          </p>
          <div class="thumbs" aria-hidden="true">
            {pictures.first.map((picture, at) => (
              <Picture key={at} picture={picture} />
            ))}
          </div>
          <p class="about">
            {pictures.judging === pictures.count
              ? 'They are so few that the same ones make the cut and judge it.'
              : `${grouped(pictures.calibrating)} make the cut, ${grouped(pictures.judging)} others judge it.`}{' '}
            {pictures.labelled
              ? 'Labels only tell how many answers are right.'
              : 'Without labels, the answers are compared with those of the network as it came.'}
          </p>
        </>
      ) : (
        <p class="about">
          A hundred or more, like those that the network is for. They need no labels.
        </p>
      )}
      {pictures?.note && <p class="note">{pictures.note}</p>}
      {misfit && <Fault>{misfit}</Fault>}
      {trouble && <Trouble text={trouble} />}
      {aside && aside.network === undefined && <Aside prune={prune} aside={aside} />}
      {reading && <p role="status">{reading.text}…</p>}
      <div class="row">
        <ChooseFiles
          label="Bring pictures"
          name="prune-pictures"
          accept=".png,.jpg,.jpeg,.npy,.bin"
          disabled={busy || !network}
          onFiles={(files) => void prune.bringPictures(files)}
        />
        <ChooseFiles
          label="A folder of them"
          name="prune-folder"
          folder
          disabled={busy || !network}
          onFiles={(files) => void prune.bringPictures(files)}
        />
        {!pictures?.builtIn && network?.input.height === 32 && network.input.channels === 3 && (
          <button type="button" disabled={busy} onClick={() => void prune.builtIn('pictures')}>
            Take CIFAR-10’s
          </button>
        )}
      </div>
      {preprocessing && network && (
        <Pixels prune={prune} preprocessing={preprocessing} guessed={guessed === true} />
      )}
    </section>
  );
}
