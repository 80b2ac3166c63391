using KdKernels.Cli.Progress;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Tests;

public sealed class PlainDisplayTests
{
    private readonly ManualTime _time = new();
    private readonly StringWriter _writer = new();
    private readonly PlainDisplay _display;

    public PlainDisplayTests() => _display = new PlainDisplay(_writer, TimeSpan.FromSeconds(5), _time);

    [Fact]
    public void A_stage_has_a_first_and_a_last_line()
    {
        StageInfo stage = Results.Stage();
        _display.StageStarted(stage);
        _display.StageFinished(stage, Results.Network(NetworkRole.Plain, "convnet-small", 25_578, 0.7612));
        Assert.Equal(
            "[3/7] plain-2: convnet-small, 25,578 parameters, 12 epochs\n"
            + "[3/7] plain-2: done: held-out 76.12 %, 20.1 s\n",
            _writer.ToString());
    }

    [Fact]
    public void Steps_give_one_line_per_interval()
    {
        _display.StageStarted(Results.Stage());
        for (int step = 1; step <= 23; step++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _display.StepFinished(Step(step));
        }

        string[] lines = [.. Lines().Skip(1)];
        Assert.Equal(4, lines.Length);
        Assert.Equal("[3/7] plain-2: epoch 2/12   loss 0.813   3,240 images/s   1 min 05 s left", lines[0]);
        Assert.All(lines, line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public void A_line_gives_the_latest_evaluation()
    {
        StageInfo stage = Results.Stage();
        _display.StageStarted(stage);
        _display.EpochFinished(Epoch(stage, 0.5));
        _display.EpochFinished(Epoch(stage, 0.625));
        _time.Advance(TimeSpan.FromSeconds(6));
        _display.StepFinished(Step(1));
        Assert.Contains("held-out 62.50 %", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_next_stage_does_not_inherit_an_evaluation()
    {
        _display.EpochFinished(Epoch(Results.Stage(), 0.625));
        _display.StageStarted(Results.Stage(4));
        _time.Advance(TimeSpan.FromSeconds(6));
        _display.StepFinished(Step(1));
        Assert.DoesNotContain("held-out", Lines()[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_no_escape_codes()
    {
        _display.StageStarted(Results.Stage());
        _display.Message("resumed");
        _time.Advance(TimeSpan.FromSeconds(9));
        _display.StepFinished(Step(1));
        Assert.DoesNotContain('\u001b', _writer.ToString());
        Assert.DoesNotContain('\r', _writer.ToString());
    }

    [Theory]
    [InlineData(true, false, null, null, true)]
    [InlineData(false, false, null, null, false)]
    [InlineData(true, true, null, null, false)]
    [InlineData(true, false, "CI", "true", false)]
    [InlineData(true, false, "NO_COLOR", "1", false)]
    [InlineData(true, false, "TERM", "dumb", false)]
    [InlineData(true, false, "TERM", "xterm", true)]
    [InlineData(true, false, "NO_COLOR", "", true)]
    public void The_live_display_is_for_terminals_only(
        bool terminal, bool plain, string? variable, string? value, bool live)
    {
        var captured = new CapturedConsole();
        if (variable is not null)
            captured.With(variable, value!);
        Assert.Equal(live, TrainingDisplay.Choose(captured.Console(terminal), plain) is LiveDisplay);
    }

    private string[] Lines() => _writer.ToString().TrimEnd('\n').Split('\n');

    private static StepInfo Step(int step)
        => new(
            Results.Stage(),
            2,
            step,
            new LossTerms(0.8128, 0.8128, null),
            0.05,
            null,
            null,
            3240,
            TimeSpan.FromSeconds(65));

    private static EpochInfo Epoch(StageInfo stage, double accuracy)
        => new(stage, 1, new LossTerms(0.9, 0.9, null), 0.05, null, null, 0.6, null,
            new HeldOutMetrics(2000, accuracy, 1, 1, null), 2, 3240, TimeSpan.FromSeconds(65));

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan span) => _ticks += span.Ticks;
    }
}
