import type { Cell } from '../study/cell.js';
import { listTrials, type Trial, trialName } from '../study/grid.js';
import { MODEL_STUDY, type StudyKind, TWO_LAYER_STUDY } from '../study/kinds.js';
import type { ModelStudyCell } from '../study/model/cell.js';
import { type ModelStudyConfig, modelStudyIdentity } from '../study/model/config.js';
import { listModelTrials, type ModelTrial, nameOfModelTrial } from '../study/model/grid.js';
import { type StudyConfig, studyIdentity } from '../study/study-config.js';

/** What a queue has to know of a kind of study, beside what its records have to. */
export interface TrialKind<Config extends object, Trial, Cell extends Trial & object>
  extends StudyKind<Config, Cell> {
  /** As jobs name it. */
  readonly name: string;
  /** The same for two studies whose cells can stand for each other, and for no others. */
  readonly identity: (config: Config) => string;
  readonly trials: (config: Config) => readonly Trial[];
  readonly nameOfTrial: (trial: Trial) => string;
}

export const TWO_LAYER_TRIALS: TrialKind<StudyConfig, Trial, Cell> = {
  ...TWO_LAYER_STUDY,
  name: 'two-layer',
  identity: studyIdentity,
  trials: listTrials,
  nameOfTrial: trialName,
};

export const MODEL_TRIALS: TrialKind<ModelStudyConfig, ModelTrial, ModelStudyCell> = {
  ...MODEL_STUDY,
  name: 'deep',
  identity: modelStudyIdentity,
  trials: listModelTrials,
  nameOfTrial: nameOfModelTrial,
};
