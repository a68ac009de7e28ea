import type { PruneConfig } from '../experiment/model/prune/config.js';
import type { Disagreements } from '../experiment/model/prune/disagreements.js';
import { looksAtLabels } from '../experiment/model/prune/labels.js';
import type { PruneModelSummary } from '../experiment/model/prune/model.js';
import { grouped, plural } from '../text.js';
import { createPaper, type Drawing, PAGE_WIDTHS } from './drawing.js';
import { eitherWidth, escaped, factList, htmlPage, table } from './html.js';
import { divergenceCurves, keptOfUnits } from './prune-plot.js';
import { type FileBytes, prunedNetworkRows } from './prune-table.js';
import { percent } from './tables.js';

export interface PruneReport {
  readonly architecture: string;
  readonly config: PruneConfig;
  readonly summary: PruneModelSummary;
  readonly bytes: FileBytes;
  /** The file of the pruned network. */
  readonly file: string;
  readonly disagreements: Disagreements;
  /** A picture by its index: where its pixels are, and what it is. */
  readonly pictureAt: (index: number) => { readonly source: string; readonly label?: number };
  /** What the class numbers mean, where that is known. */
  readonly classes?: readonly string[] | undefined;
  readonly versions: Readonly<Record<string, string>>;
  /** The command that makes it again. */
  readonly command: string;
  /** Where elements are made: a page's own document, or linkedom's in Node. */
  readonly document: Document;
}

const TILE = 300;
/** Pictures that are shown of those on which the networks disagree. */
const SHOWN = 24;

const STYLE = `
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem; margin: 1rem 0; padding: 0; list-style: none; }
.pictures img { display: block; width: 6rem; height: 6rem; object-fit: contain; image-rendering: pixelated; margin-bottom: 0.3rem; border-radius: 4px; }
.pictures span { display: block; font-size: 0.88rem; line-height: 1.4; overflow-wrap: anywhere; }
.dense { color: var(--dense); } .pruned { color: var(--subnetwork); }
`;

/** A pruning as one self-contained page. */
export function prunePage(report: PruneReport): string {
  const { architecture, config, summary, bytes, command, versions, document } = report;
  const bars = [PAGE_WIDTHS.wide, PAGE_WIDTHS.narrow].map((width) =>
    keptOfUnits(createPaper(document, width), summary.units),
  ) as [wide: Drawing, narrow: Drawing];
  const { units, curves, adapter, calibration, seconds } = summary;
  const tiles = divergenceCurves(createPaper(document, TILE), curves, units);
  const title = `${architecture}, pruned`;
  const facts = [
    ['adapter', adapter.name],
    [
      'calibrated with',
      `${plural(calibration, 'picture')}, ${looksAtLabels(config) ? 'with' : 'without'} their labels`,
    ],
    ['measured with', plural(summary.dense.pictures, 'picture')],
    ['time', `budgets ${seconds.curves.toFixed(1)} s, cutting ${seconds.cutting.toFixed(1)} s`],
    ['versions', Object.entries(versions).flat().join(' ')],
    ...Object.entries(config).map(([key, value]) => [key, String(value)] as const),
  ] as const;
  const body = `<h1>${escaped(title)}</h1>
<p class="lead">${escaped(headline(summary))}</p>
<h2>Before and after</h2>
${table(prunedNetworkRows(summary, bytes))}
<h2>What is left of each unit</h2>
<figure>
${eitherWidth(...bars)}
<figcaption>A unit is a set of channels that can be removed one by one, named after the layer that makes them. The coloured part stays.</figcaption>
</figure>
${
  tiles.length > 0
    ? `<h2>How many of which unit</h2>
<figure>
<div class="tiles">${tiles.map(({ svg }) => svg).join('\n')}</div>
<figcaption>Divergence of the answers, KL(dense ‖ cut), when one unit alone is cut to so many channels. The upright line is at the number that stays: the budget goes where it saves most. What is below a hundred-thousandth of the largest is drawn there.</figcaption>
</figure>`
    : config.layerTolerance === undefined
      ? '<p>All units keep the same share of their channels: no curves were measured.</p>'
      : '<p>Each unit keeps as many channels as leave the network accurate enough: no curves were measured.</p>'
}
${disagreementText(report)}
<h2>Take it with you</h2>
${takeText(report.file)}
<h2>How it was made</h2>
<pre>${escaped(command)}</pre>
${factList(facts)}`;
  return htmlPage({ title, style: STYLE, body });
}

function headline({ dense, pruned, agreement, calibration }: PruneModelSummary): string {
  const share = (pruned.multiplyAdds / dense.multiplyAdds).toPrecision(3);
  const right =
    dense.accuracy === undefined || pruned.accuracy === undefined
      ? ''
      : ` It is right for ${percent(pruned.accuracy, 2)} of ${plural(pruned.pictures, 'picture')}, the dense one for ${percent(dense.accuracy, 2)}.`;
  return `Of ${grouped(dense.multiplyAdds)} multiply-adds a picture ${grouped(pruned.multiplyAdds)} are left, ${share} of them.${right} Before any fine-tuning it gives the dense network’s answer for ${percent(agreement, 2)} of the ${plural(calibration, 'calibration picture')}.`;
}

/** The pictures on which the networks disagree, with both answers. */
function disagreementText({ disagreements, pictureAt, classes }: PruneReport): string {
  const { pictures, found } = disagreements;
  const nameOf = (index: number) => escaped(classes?.[index] ?? `class ${index}`);
  const shown = found.slice(0, SHOWN).map(({ picture, dense, pruned }) => {
    const { source, label } = pictureAt(picture);
    const is = label === undefined ? '' : `<span>is ${nameOf(label)}</span>`;
    return `<li><img src="${source}" alt="Picture ${picture}">${is}<span class="dense">dense: ${nameOf(dense)}</span><span class="pruned">pruned: ${nameOf(pruned)}</span></li>`;
  });
  const few = found.length > SHOWN ? ` The first ${SHOWN}:` : '';
  const says =
    found.length === 0
      ? `On the first ${plural(pictures, 'picture')} that measure, both networks give the same answers.`
      : `The networks’ largest answers differ for ${found.length} of the first ${plural(pictures, 'picture')} that measure.${few}`;
  return `<h2>Where they disagree</h2>
<p>${says}</p>
${shown.length > 0 ? `<ul class="pictures">${shown.join('\n')}</ul>` : ''}`;
}

/** How another program takes the file. */
function takeText(file: string): string {
  return file.endsWith('.onnx')
    ? `<p>ONNX Runtime takes the file as it took the one before:</p>
<pre>${escaped(`import onnxruntime\n\nsession = onnxruntime.InferenceSession(${JSON.stringify(file)})`)}</pre>`
    : `<p>The tensors have PyTorch’s names, and smaller shapes. Your own definition of the dense network takes them so:</p>
<pre>${escaped(pytorchText(file))}</pre>`;
}

function pytorchText(file: string): string {
  const name = JSON.stringify(file);
  const { imports, opened, state, texts } = /\.pth?$/.test(file)
    ? {
        imports: '',
        opened: `torch.load(${name}, weights_only=True)`,
        state: 'opened["state_dict"]',
        texts: 'opened',
      }
    : {
        imports: '\nfrom safetensors import safe_open',
        opened: `safe_open(${name}, "pt")`,
        state: '{key: opened.get_tensor(key) for key in opened.keys()}',
        texts: 'opened.metadata()',
      };
  return `import json
import torch${imports}

model = ...  # the dense network, as you define it
opened = ${opened}
state = ${state}
for name, module in model.named_modules():
    for own in (module._parameters, module._buffers):
        for key in own:
            tensor = state.get(f"{name}.{key}")
            if tensor is not None:
                own[key] = torch.nn.Parameter(tensor) if own is module._parameters else tensor
    if isinstance(module, torch.nn.Conv2d) and module.groups > 1:
        module.groups = module.weight.shape[0]  # depthwise
model.eval()

# Which channels of the dense network are left, by the first layer that makes them.
kept = json.loads(${texts}["espalier.kept"])`;
}
