using KdKernels.Cli;

return await KdCommandLine.RunAsync(args, CliConsole.OfProcess());
