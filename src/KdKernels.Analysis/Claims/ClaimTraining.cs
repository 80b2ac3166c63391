using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims;

/// <summary>Trains an entry of a sweep as the sweep would, and keeps each student's answers.</summary>
internal static class ClaimTraining
{
    private const string Teacher = "teacher";

    public static TrainedEntry Run(
        string runs, SweepEntry entry, string? teacherOf, ITrainingObserver observer, CancellationToken cancellation)
    {
        string path = Path.Combine(runs, entry.Name);
        if (!File.Exists(Path.Combine(path, "recipe.yaml")))
        {
            RunFolder.Create(entry.Recipe, path).Dispose();
        }

        if (teacherOf is not null && entry.Recipe.Teacher.Checkpoint is null)
        {
            TakeTeacher(Path.Combine(runs, teacherOf), path, entry.Recipe.Checkpoint.Keep);
        }

        using RunFolder run = RunFolder.Resume(path);
        using var recorder = new RunRecorder(run);
        using var session = new ExperimentSession(
            run, recorder, new ObserverPair(recorder, observer), SweepRun.Arms(entry));
        return Keep(entry, session, session.Run(cancellation));
    }

    /// <summary>Copies the last checkpoint of a teacher that another run trained. The trainer refuses one of another recipe or
    /// of other images.</summary>
    private static void TakeTeacher(string from, string to, int keep)
    {
        var own = new CheckpointStore(Path.Combine(to, "checkpoints", Teacher), keep);
        if (own.Paths().Count > 0
            || new CheckpointStore(Path.Combine(from, "checkpoints", Teacher), keep).Paths() is not [string last, ..])
        {
            return;
        }

        string place = Path.Combine(own.Folder, Path.GetFileName(last));
        string temporary = place + ".tmp-copy";
        own.Clean();
        Directory.CreateDirectory(temporary);
        foreach (string file in Directory.EnumerateFiles(last))
        {
            File.Copy(file, Path.Combine(temporary, Path.GetFileName(file)));
        }

        Directory.Move(temporary, place);
    }

    private static TrainedEntry Keep(SweepEntry entry, ExperimentSession session, SessionOutcome outcome)
    {
        Outcome?[] everything = [outcome.Teacher, .. outcome.Plain, .. outcome.Arms.SelectMany(arm => arm)];
        return new TrainedEntry
        {
            Name = entry.Name,
            Data = session.Task.Description,
            TrainFingerprint = session.Task.TrainFingerprint,
            HeldOutFingerprint = session.Task.HeldOutFingerprint,
            TrainItems = session.StudentItems,
            HeldOut = session.Task.HeldOutCount,
            TeacherAccuracy = outcome.Teacher?.Result.HeldOut.Accuracy,
            Plain = Arm("plain", outcome.Plain, outcome.Plain),
            Arms = [.. entry.Arms.Zip(outcome.Arms, (arm, students) => Arm(arm.Name, students, outcome.Plain))],
            Seconds = everything.Sum(network => network?.Result.Seconds ?? 0),
        };
    }

    private static TrainedArm Arm(string name, IReadOnlyList<Outcome> students, IReadOnlyList<Outcome> plain) => new(
        name,
        [
            .. students.Zip(plain, (student, other) => new TrainedStudent
            {
                Seed = student.Result.Seed,
                Epochs = student.Result.Epochs,
                Accuracy = student.Result.HeldOut.Accuracy,
                EpochsToPlain = student.EpochsTo(other.Result.HeldOut.Accuracy),
                Scores = student.Evaluation.Scores,
                Losses = student.Evaluation.Losses,
                Extra = student.Result.HeldOut.Extra,
            }),
        ]);
}
