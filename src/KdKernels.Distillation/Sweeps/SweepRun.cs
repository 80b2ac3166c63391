using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>Runs a sweep, entry by entry; what an earlier process finished is not trained again.</summary>
public static class SweepRun
{
    /// <exception cref="RecipeException">A method does not fit a recipe. All entries are checked before the first
    /// training.</exception>
    /// <exception cref="TrainingInterruptedException">Cancellation was asked for; the sweep can go on later.</exception>
    /// <inheritdoc cref="Experiment.Run"/>
    public static SweepResult Run(
        SweepFolder folder, Sweep sweep, ITrainingObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(sweep);
        ArgumentNullException.ThrowIfNull(observer);
        Check(sweep);
        List<SweepEntryResult> results = [];
        foreach (SweepEntry entry in sweep.Entries)
        {
            results.Add(RunEntry(folder, entry, observer, cancellation));
        }

        var all = new SweepResult { Name = sweep.Name, Folder = folder.FullPath, Entries = results };
        folder.Write(all);
        return all;
    }

    /// <summary>Whether every method fits the recipes that it is tried on.</summary>
    /// <exception cref="RecipeException">One does not.</exception>
    public static void Check(Sweep sweep)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        foreach (SweepEntry entry in sweep.Entries)
        {
            ExperimentSession.Check(entry.Recipe, Arms(entry));
        }
    }

    /// <summary>One entry alone; <see cref="Run"/> finds it done later. Other processes may work on the others.</summary>
    /// <inheritdoc cref="Experiment.Run"/>
    public static SweepEntryResult RunEntry(
        SweepFolder folder, SweepEntry entry, ITrainingObserver observer, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(observer);
        if (folder.Done(entry) is { } done)
        {
            observer.Message($"{entry.Name}: done before.");
            return done;
        }

        observer.Message(
            $"{entry.Name}: {entry.Recipe.Data.Name}, {entry.Arms.Count} methods, {entry.Recipe.Seeds} seeds.");
        using RunFolder run = folder.OpenEntry(entry);
        using var recorder = new RunRecorder(run);
        using var session = new ExperimentSession(run, recorder, new ObserverPair(recorder, observer), Arms(entry));
        SweepEntryResult result = Summarise(entry, session, session.Run(cancellation));
        folder.Write(result);
        return result;
    }

    /// <summary>An entry's arms under names that files may have.</summary>
    internal static Arm[] Arms(SweepEntry entry) => [.. entry.Arms.Select(arm => new Arm(FileName(arm.Name), arm.Distill))];

    private static string FileName(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' ? letter : '_'));

    private static SweepEntryResult Summarise(SweepEntry entry, ExperimentSession session, SessionOutcome outcome)
    {
        Outcome?[] everything = [outcome.Teacher, .. outcome.Plain, .. outcome.Arms.SelectMany(arm => arm)];
        return new SweepEntryResult
        {
            Name = entry.Name,
            Data = session.Task.Description,
            TrainItems = session.StudentItems,
            HeldOut = session.Task.HeldOutCount,
            Seeds = entry.Recipe.Seeds,
            Epochs = entry.Recipe.Student.Solver.Epochs,
            StudentModel = entry.Recipe.Student.Model,
            Teacher = outcome.Teacher?.Result,
            Plain = Row("none", outcome.Plain, outcome.Plain, null),
            Methods =
            [
                .. entry.Arms.Zip(outcome.Arms, (arm, students) => Row(
                    arm.Name,
                    students,
                    outcome.Plain,
                    PairedBootstrap.Interval(
                        [.. outcome.Plain.Select(network => network.Evaluation.Scores)],
                        [.. students.Select(network => network.Evaluation.Scores)],
                        entry.Recipe.Evaluation.Bootstrap,
                        entry.Recipe.Seed))),
            ],
            Seconds = everything.Sum(network => network?.Result.Seconds ?? 0),
        };
    }

    private static SweepRow Row(
        string name, IReadOnlyList<Outcome> students, IReadOnlyList<Outcome> plain, BootstrapInterval? difference)
    {
        int[] reached =
        [
            .. students.Zip(plain, (student, other) => student.EpochsTo(other.Result.HeldOut.Accuracy))
                .OfType<int>(),
        ];
        return new SweepRow
        {
            Name = name,
            Accuracy = MeanAndDeviation.Of([.. students.Select(student => student.Result.HeldOut.Accuracy)]),
            PerSeed = [.. students.Select(student => student.Result.HeldOut.Accuracy)],
            Difference = difference,
            Agreement = students[0].Result.HeldOut.Agreement is null
                ? null
                : students.Average(student => student.Result.HeldOut.Agreement),
            EpochsToPlain = reached.Length == 0 ? null : reached.Average(),
            ReachedPlain = reached.Length,
            SecondsPerStudent = students.Average(student => student.Result.Seconds),
            Extra = students[0].Result.HeldOut.Extra is { } extra
                ? new SortedDictionary<string, double>(
                    extra.Keys.ToDictionary(
                        key => key,
                        key => students.Average(student => student.Result.HeldOut.Extra![key]),
                        StringComparer.Ordinal),
                    StringComparer.Ordinal)
                : null,
        };
    }
}
