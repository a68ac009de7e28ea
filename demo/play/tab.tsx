import { Herald, OtherTurn } from '../view/notices.js';
import { Answers } from './answers.js';
import { Discovery } from './discovery.js';
import { Draw } from './draw.js';
import { Enough } from './enough.js';
import { Player } from './player.js';
import { SettingsPanel } from './settings.js';
import { Story } from './story.js';
import { Take } from './take.js';

export function PlayTab() {
  return (
    <>
      <OtherTurn view="play" />
      <Player />
      <Discovery />
      <Story />
      <div class="looks">
        <Enough />
        <Answers />
        <Draw />
      </div>
      <SettingsPanel />
      <Take />
      <Herald />
    </>
  );
}
