using System.Collections.Concurrent;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace KdKernels.Cli.Progress;

/// <summary>One bar per network, on a terminal. Finished bars stay, so that the run's history is on the screen at its
/// end.</summary>
internal sealed class LiveDisplay : TrainingDisplay
{
    private const int BarWidth = 24;
    private readonly IAnsiConsole _console;

    public LiveDisplay(TextWriter error)
        => _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });

    public override void Say(string text) => _console.WriteLine(text);

    public override T Show<T>(Func<ITrainingObserver, T> train)
    {
        var notes = new NoteColumn();
        return _console.Progress()
            .HideCompleted(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = BarWidth },
                notes)
            .Start(context => train(new Observer(_console, context, notes)));
    }

    private sealed class Observer(IAnsiConsole console, ProgressContext context, NoteColumn notes) : ITrainingObserver
    {
        private ProgressTask? _bar;
        private string _accuracy = "";

        public void Message(string text) => console.WriteLine(text);

        public void StageStarted(StageInfo stage)
        {
            _accuracy = "";
            _bar = context.AddTask(
                Markup.Escape(stage.Name), maxValue: Math.Max(1, (double)stage.Epochs * stage.StepsPerEpoch));
        }

        public void StepFinished(StepInfo info)
        {
            if (_bar is null)
                return;
            _bar.Value = (double)(info.Epoch - 1) * info.Stage.StepsPerEpoch + info.Step;
            Note($"loss {info.Loss.Total:0.000}{_accuracy}  {Figures.Duration(info.Remaining.TotalSeconds)} left");
        }

        public void EpochFinished(EpochInfo info)
        {
            if (info.HeldOut is { } heldOut)
                _accuracy = $"  held-out {100 * heldOut.Accuracy:0.0} %";
        }

        public void StageFinished(StageInfo stage, NetworkResult result)
        {
            if (_bar is null)
                return;
            Note($"held-out {Figures.Percent(result.HeldOut.Accuracy)}  {Figures.Duration(result.Seconds)}");
            _bar.Value = _bar.MaxValue;
            _bar.StopTask();
        }

        private void Note(string text)
        {
            if (_bar is not null)
                notes[_bar.Id] = text;
        }
    }

    /// <summary>The text behind each bar; the refresh thread reads what the training thread writes.</summary>
    private sealed class NoteColumn : ProgressColumn
    {
        private readonly ConcurrentDictionary<int, string> _notes = new();

        public string this[int bar]
        {
            set => _notes[bar] = value;
        }

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
            => new Text(_notes.GetValueOrDefault(task.Id, ""), new Style(Color.Grey)) { Overflow = Overflow.Ellipsis };
    }
}
