using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims;

/// <summary>What a claim's experiment works with.</summary>
public sealed class ClaimContext
{
    private readonly ClaimFolder folder;
    private readonly ClaimBudget budget;
    private readonly CancellationToken asked;
    private readonly List<ClaimPartTime> parts = [];

    /// <param name="folder">Where everything is written.</param>
    /// <param name="settings">How the claim is to be run.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="budget">When to stop.</param>
    /// <param name="asked">Whether the user asked to stop.</param>
    /// <param name="cancellation">Either of the two.</param>
    internal ClaimContext(
        ClaimFolder folder,
        ClaimSettings settings,
        ITrainingObserver observer,
        ClaimBudget budget,
        CancellationToken asked,
        CancellationToken cancellation)
    {
        this.folder = folder;
        this.budget = budget;
        this.asked = asked;
        Settings = settings;
        Observer = observer;
        Cancellation = cancellation;
    }

    /// <summary>Absolute; a claim may write what else it wants here, beside <c>parts</c> and <c>runs</c>.</summary>
    public string Folder => folder.FullPath;

    public ClaimSettings Settings { get; }

    public int Seeds => Settings.Seeds;

    public bool Full => Settings.Full;

    /// <summary>For trainings and for <see cref="Say"/>.</summary>
    public ITrainingObserver Observer { get; }

    /// <summary>Cancelled when the user asks to stop and when the budget is used up. A part that takes minutes looks at it,
    /// and throws <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The parts that were asked for so far, in order.</summary>
    internal IReadOnlyList<ClaimPartTime> Parts => parts;

    /// <summary>A sentence for the user.</summary>
    public void Say(string text) => Observer.Message(text);

    /// <summary>
    /// Does a piece of work once: what it returns is stored, and a later process in the same folder reads it instead. Before
    /// the work begins, budget and cancellation are looked at.
    /// </summary>
    /// <param name="name">Unique within the claim; letters, digits, <c>-</c> and <c>.</c>.</param>
    /// <param name="work">Depends on the settings and on earlier parts alone.</param>
    /// <typeparam name="T">Anything that System.Text.Json writes and reads back: records, lists, numbers, arrays. Numbers
    /// come back bit for bit.</typeparam>
    /// <returns>What was read back from the disk, so that the first run and a resumed one go on with the same.</returns>
    /// <exception cref="ClaimStoppedException">The budget is used up, or cancellation was asked for.</exception>
    /// <exception cref="Distillation.Data.KdDataException">The stored part is damaged.</exception>
    public T Part<T>(string name, Func<T> work) => Timed(name, work, static (_, seconds) => seconds);

    /// <summary>Trains the teacher, the plain students and one student per arm and seed of a sweep's entry as one part,
    /// which goes on from its checkpoints.</summary>
    /// <param name="entry">Its recipe says how many seeds; its name is the part's.</param>
    /// <param name="teacherOf">Name of an entry that was trained before with the same teacher, data and evaluation: its
    /// teacher is taken over instead of training it again. Null for none.</param>
    /// <returns>How every student did, item by item.</returns>
    /// <inheritdoc cref="Part{T}(string, Func{T})"/>
    public TrainedEntry Train(SweepEntry entry, string? teacherOf = null)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Timed(
            entry.Name,
            () => ClaimTraining.Run(folder.RunsPath, entry, teacherOf, Observer, Cancellation),
            // A resumed training knows what its earlier sessions took.
            static (trained, _) => trained.Seconds);
    }

    /// <summary>Run folder of an entry that <see cref="Train"/> trained.</summary>
    public string RunOf(string entry) => Path.Combine(folder.RunsPath, entry);

    internal ClaimStoppedException Stopped(string where) => new(
        budget.IsUsedUp && !asked.IsCancellationRequested
            ? $"the budget of {budget.Minutes:0.##} minutes is used up {where}"
            : $"stopped {where}");

    internal void ThrowIfStopped(string where)
    {
        if (budget.IsUsedUp || Cancellation.IsCancellationRequested)
        {
            throw Stopped(where);
        }
    }

    private T Timed<T>(string name, Func<T> work, Func<T, double, double> seconds)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(work);
        RequirePartName(name);
        if (folder.Read<T>(name) is not { } stored)
        {
            ThrowIfStopped($"before its part {name}");
            Observer.Message($"part {name}");
            long started = budget.Time.GetTimestamp();
            T value;
            try
            {
                value = work();
            }
            catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
            {
                throw Stopped($"in its part {name}");
            }

            folder.Write(name, value, seconds(value, budget.Time.GetElapsedTime(started).TotalSeconds));
            stored = folder.Read<T>(name)!;
        }
        else
        {
            Observer.Message($"part {name}: done before");
        }

        parts.Add(new ClaimPartTime(name, stored.Seconds));
        return stored.Value;
    }

    private void RequirePartName(string name)
    {
        if (name[0] == '.' || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.'))
        {
            throw new ArgumentException($"expected a part's name of letters, digits, - and . but got {name}", nameof(name));
        }

        if (parts.Exists(part => string.Equals(part.Name, name, StringComparison.Ordinal)))
        {
            throw new ArgumentException($"expected each part once but got {name} twice", nameof(name));
        }
    }
}
