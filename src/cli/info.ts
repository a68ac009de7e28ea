import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { HostChoice } from '../hosts/choose.js';
import type { AdapterPreference } from '../hosts/host.js';
import { withHost } from './host.js';
import type { DeviceReport } from './report-device.js';

interface InfoFlags {
  readonly host: HostChoice;
  readonly adapter: AdapterPreference;
  readonly json?: true;
}

export function addInfo(program: Command, version: string): void {
  program
    .command('info')
    .description('Shows the adapter that the other commands would use, its limits and features.')
    .addOption(hostOption())
    .addOption(adapterOption())
    .option('--json', 'print one line of JSON instead of a table')
    .addHelpText(
      'after',
      `
Examples:
  espalier info                               the adapter that is taken by default
  espalier info --host chrome                 the one that headless Chrome offers
  espalier info --adapter software --json     the software adapter, for a program to read`,
    )
    .action(async (flags: InfoFlags) => {
      const report = await withHost(flags, async (host) => ({
        ...(await host.execute('info', null)),
        host: host.kind,
        versions: { espalier: version, node: process.versions.node },
      }));
      process.stdout.write(`${flags.json ? JSON.stringify(report) : describe(report)}\n`);
    });
}

export function hostOption(): Option {
  return new Option('--host <host>', 'where the GPU device comes from')
    .choices(['auto', 'node', 'chrome'])
    .default('auto');
}

export function adapterOption(): Option {
  return new Option('--adapter <kind>', 'which adapter to take')
    .choices(['auto', 'hardware', 'software'])
    .default('auto');
}

function describe(report: DeviceReport & { readonly host: string }): string {
  const { adapter, limits, features } = report;
  const table = new Table({ style: { head: [], border: [] }, wordWrap: true, colWidths: [36, 62] });
  table.push(
    ['adapter', adapter.name],
    ['kind', adapter.kind],
    ['host', report.host],
    ['matmul variant', report.variant],
    ['subgroup size', subgroups(adapter.subgroupSize)],
    ...Object.entries(limits).map(([name, value]) => [name, value.toLocaleString('en-US')]),
    ['features', features.join(', ')],
  );
  return table.toString();
}

function subgroups(size: DeviceReport['adapter']['subgroupSize']): string {
  if (!size) return 'none';
  return size.min === size.max ? String(size.min) : `${size.min} to ${size.max}`;
}
