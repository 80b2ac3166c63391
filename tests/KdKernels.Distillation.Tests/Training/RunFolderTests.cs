using System.Diagnostics;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

public sealed class RunFolderTests : IDisposable
{
    private static readonly Recipe Sample = new() { Name = "sample", Seed = 5 };

    private readonly string root = Directory.CreateTempSubdirectory("kd-runs").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Is_named_by_time_and_recipe_and_never_twice_the_same()
    {
        using RunFolder first = RunFolder.Create(Sample, root: root, time: new StoppedClock());
        using RunFolder second = RunFolder.Create(Sample, root: root, time: new StoppedClock());

        Assert.Equal("20260102-030405-sample", Path.GetFileName(first.FullPath));
        Assert.Equal("20260102-030405-sample-2", Path.GetFileName(second.FullPath));
        Assert.False(first.Resumed);
        Assert.Equal(Sample.ToYaml(), File.ReadAllText(first.RecipePath));
    }

    [Fact]
    public void A_second_trainer_is_refused_at_once_and_the_lock_dies_with_its_owner()
    {
        string path = Path.Combine(root, "run");
        using (RunFolder.Create(Sample, path))
        {
            Assert.Contains(
                "in use by another process",
                Assert.Throws<RunFolderException>(() => RunFolder.Resume(path)).Message,
                StringComparison.Ordinal);
        }

        using RunFolder resumed = RunFolder.Resume(path);
        Assert.Equal(Sample, resumed.Recipe);
        Assert.True(resumed.Resumed);
    }

    /// <summary>Another process holds the kernel's lock, and is killed.</summary>
    [Fact]
    public void A_killed_owner_leaves_the_folder_free()
    {
        string path = Path.Combine(root, "run");
        RunFolder.Create(Sample, path).Dispose();
        using Process owner = Process.Start(new ProcessStartInfo("flock", ["--exclusive", Path.Combine(path, ".lock"), "--command", "echo held; exec sleep 60"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        Assert.Equal("held", owner.StandardOutput.ReadLine());
        Assert.Throws<RunFolderException>(() => RunFolder.Resume(path));

        owner.Kill(entireProcessTree: true);
        owner.WaitForExit();

        RunFolder? free = null;
        SpinWait.SpinUntil(() => (free = TryResume(path)) is not null, TimeSpan.FromSeconds(5));
        Assert.NotNull(free);
        free.Dispose();
    }

    [Fact]
    public void Removes_what_a_killed_process_left_half_written()
    {
        string path = Path.Combine(root, "run");
        RunFolder.Create(Sample, path).Dispose();
        File.WriteAllText(Path.Combine(path, "summary.json.tmp-new"), "{");

        RunFolder.Resume(path).Dispose();

        Assert.Equal([".lock", "recipe.yaml"], Directory.GetFiles(path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Refuses_to_begin_where_something_is()
    {
        string path = Path.Combine(root, "full");
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "thesis.tex"), "");

        Assert.Contains(
            "thesis.tex",
            Assert.Throws<RunFolderException>(() => RunFolder.Create(Sample, path)).Message,
            StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(path, "thesis.tex")));
    }

    [Fact]
    public void Refuses_to_resume_what_is_no_run() =>
        Assert.Contains(
            "recipe.yaml",
            Assert.Throws<RunFolderException>(() => RunFolder.Resume(root)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Names_the_path_that_cannot_be_written() =>
        Assert.Contains(
            "/proc/kd",
            Assert.Throws<RunFolderException>(() => RunFolder.Create(Sample, "/proc/kd/run")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Finds_the_latest_unfinished_run_of_the_same_recipe()
    {
        Assert.Null(RunFolder.FindUnfinished(Sample, Path.Combine(root, "nowhere")));
        string Make(string name, Recipe recipe, bool finished)
        {
            string path = Path.Combine(root, name);
            using RunFolder folder = RunFolder.Create(recipe, path);
            if (finished)
            {
                File.WriteAllText(folder.SummaryJsonPath, "{}");
            }

            return path;
        }

        Make("1", Sample, finished: false);
        string latest = Make("2", Sample, finished: false);
        Make("3", Sample with { Seed = 6 }, finished: false);
        Make("4", Sample, finished: true);

        Assert.Equal(latest, RunFolder.FindUnfinished(Sample, root));
        using (RunFolder.Resume(latest))
        {
            Assert.Equal(Path.Combine(root, "1"), RunFolder.FindUnfinished(Sample, root));
        }
    }

    private static RunFolder? TryResume(string path)
    {
        try
        {
            return RunFolder.Resume(path);
        }
        catch (RunFolderException)
        {
            return null;
        }
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}
