using System.CommandLine;
using System.Globalization;
using KdKernels.Analysis;
using KdKernels.Analysis.Points;
using KdKernels.Analysis.Probe;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd points</c>: knowledge points of distilled and plain students.</summary>
internal static class PointsCommand
{
    public static Command Create(CliConsole console)
    {
        var options = new PointsOptions();
        var command = new Command(
            "points",
            "Explains distillation by quantifying knowledge: knowledge points of distilled and plain students over their trainings. Resumable.");
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(console, options.Read(parsed), cancellation)));
        return command;
    }

    private static int Run(CliConsole console, PointsRequest request, CancellationToken cancellation)
    {
        TrainedRun distilled = TrainedRun.Open(request.Run);
        TrainedRun plain = request.Plain is null ? distilled : TrainedRun.Open(request.Plain);
        var run = new PointsRun(distilled, plain, request.Settings, request.Variants);
        string output = Path.GetFullPath(request.Output ?? Path.Combine(distilled.FullPath, "points"));
        using var interruption = new Interruption(console.Error.WriteLine, cancellation);
        console.Error.WriteLine($"measuring into {output}");
        var pace = new Pace(TimeSpan.FromSeconds(10));
        PointsResult result;
        try
        {
            result = run.Run(output, progress => Say(console, pace, progress), interruption.Token);
        }
        catch (OperationCanceledException)
        {
            console.Error.WriteLine($"kd: stopped; go on with the same command and -o {output}");
            return ExitCode.Interrupted;
        }

        console.Out.WriteLine(request.AsJson
            ? JsonLine.Of(result, JsonLine.Types.PointsResult)
            : PointsText.Of(result, Path.Combine(output, "report.html")));
        return ExitCode.Done;
    }

    private static void Say(CliConsole console, Pace pace, PointsProgress progress)
    {
        if (pace.IsDue || progress.Done == progress.Of)
        {
            console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"[{progress.Done}/{progress.Of}] {progress.Part}   {Distillation.Reporting.Figures.Duration(progress.Remaining.TotalSeconds)} left"));
        }
    }

    /// <summary>Lets something happen at most so often.</summary>
    private sealed class Pace(TimeSpan every)
    {
        private readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();

        public bool IsDue
        {
            get
            {
                if (clock.Elapsed < every)
                    return false;
                clock.Restart();
                return true;
            }
        }
    }
}
