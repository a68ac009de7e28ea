import Table from 'cli-table3';
import type { Command } from 'commander';
import type { AdapterLimits } from '../../bench/limits.js';
import { threeDigits } from '../../bench/words.js';
import { grouped } from '../text.js';
import { adapterOption, hostOption, tuningOption } from './flags.js';
import { type HostFlags, withHost } from './host.js';
import type { DeviceReport } from './jobs.js';

interface InfoFlags extends HostFlags {
  readonly json?: true;
}

/** Seconds a kernel: a first impression, which `espalier bench` measures with more patience. */
const LIMIT_SECONDS = 0.02;

export function addInfo(program: Command, version: string): void {
  program
    .command('info')
    .description(
      'Shows the adapter that the other commands would use, what it can do and how fast.',
    )
    .addOption(hostOption())
    .addOption(adapterOption())
    .addOption(tuningOption())
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
        measured: await host.execute('limits', { seconds: LIMIT_SECONDS }),
        host: host.kind,
        versions: { espalier: version, node: process.versions.node },
      }));
      process.stdout.write(`${flags.json ? JSON.stringify(report) : infoTable(report)}\n`);
    });
}

interface InfoReport extends DeviceReport {
  readonly host: string;
  readonly measured: AdapterLimits;
}

/** What `info` prints of an adapter. */
export function infoTable(report: InfoReport): string {
  const { adapter, limits, features, measured } = report;
  const table = new Table({ style: { head: [], border: [] }, wordWrap: true, colWidths: [36, 62] });
  table.push(
    ['adapter', adapter.name],
    ['kind', adapter.kind],
    ['driver', adapter.driver || 'not told by this host'],
    ['host', report.host],
    ['matmul variant', report.variant],
    ['subgroup size', subgroups(adapter.subgroupSize)],
    ['copy, measured', `${threeDigits(measured.copyGBps)} GB/s`],
    ['multiply-add, measured', `${threeDigits(measured.fmaGflops)} GFLOP/s`],
    ['empty dispatch, measured', `${threeDigits(measured.dispatchMicros)} µs`],
    ['empty submit, measured', `${threeDigits(measured.submitMicros)} µs`],
    ...Object.entries(limits).map(([name, value]) => [name, grouped(value)]),
    ['features', features.join(', ')],
  );
  return table.toString();
}

function subgroups(size: DeviceReport['adapter']['subgroupSize']): string {
  if (!size) return 'none';
  return size.min === size.max ? String(size.min) : `${size.min} to ${size.max}`;
}
