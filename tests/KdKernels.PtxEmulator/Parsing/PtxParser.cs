namespace KdKernels.PtxEmulator.Parsing;

internal sealed class ModuleSyntax
{
    public (int Major, int Minor) Version { get; set; }

    public int Target { get; set; }

    public List<FunctionSyntax> Functions { get; } = [];

    public List<VariableItem> Variables { get; } = [];
}

/// <summary>Directives and functions of a module; instructions are only split here, not understood.</summary>
internal sealed class PtxParser
{
    private readonly TokenReader reader;
    private readonly ModuleSyntax module = new();

    private PtxParser(string text) => reader = new TokenReader(text);

    public static ModuleSyntax Parse(string text)
    {
        var parser = new PtxParser(text);
        while (!parser.reader.AtEnd)
            parser.ModuleItem();
        if (parser.module.Version == default)
            throw new PtxException(PtxError.Syntax, "expected '.version' at the start of the module");
        if (parser.module.Target == 0)
            throw new PtxException(PtxError.Syntax, "expected '.target' after '.version'");
        return parser.module;
    }

    private void ModuleItem()
    {
        Token token = reader.Next();
        switch (token.Text)
        {
            case ".version":
                string[] parts = reader.Next().Text.Split('.');
                module.Version = (int.Parse(parts[0]), parts.Length > 1 ? int.Parse(parts[1]) : 0);
                break;
            case ".target":
                module.Target = Target(reader.Next());
                break;
            case ".address_size":
                if (reader.ExpectInteger() != 64)
                    throw reader.Error(token, "expected addresses of 64 bits");
                break;
            case ".visible" or ".weak":
                break;
            case ".extern":
                if (!reader.Peek.Is(".shared"))
                    throw reader.Error(token, $"expected an extern shared array but got '{reader.Peek.Text}'");
                reader.Next();
                module.Variables.Add(Variable(StateSpace.Shared, token, isExtern: true));
                break;
            case ".shared":
                module.Variables.Add(Variable(StateSpace.Shared, token, isExtern: false));
                break;
            case ".entry":
                module.Functions.Add(Function(token, isEntry: true));
                break;
            case ".func":
                module.Functions.Add(Function(token, isEntry: false));
                break;
            default:
                throw reader.Error(token, $"expected a directive that the emulator knows but got '{token.Text}'");
        }
    }

    private int Target(Token token)
    {
        string name = token.Text.TrimEnd('a');
        return name.StartsWith("sm_", StringComparison.Ordinal) && int.TryParse(name.AsSpan(3), out int target)
            ? target
            : throw reader.Error(token, $"expected a target like sm_80 but got '{token.Text}'");
    }

    private FunctionSyntax Function(Token start, bool isEntry)
    {
        List<VariableItem> results = reader.Take("(") ? Parameters() : [];
        Token name = reader.Next();
        var function = new FunctionSyntax { Name = name.Text, Line = start.Line, IsEntry = isEntry };
        function.Results.AddRange(results);
        if (reader.Take("("))
            function.Parameters.AddRange(Parameters());
        while (!reader.Peek.Is("{"))
        {
            // A prototype without a body declares what is defined further down.
            if (reader.Take(";"))
                return function;
            Token directive = reader.Next();
            switch (directive.Text)
            {
                case ".maxntid":
                    function.MaxThreads = Triple();
                    break;
                case ".reqntid":
                    function.RequiredThreads = Triple();
                    break;
                case ".minnctapersm" or ".maxnreg" or ".maxnctapersm":
                    reader.ExpectInteger();
                    break;
                case ".noreturn":
                    break;
                default:
                    throw reader.Error(directive, $"expected a performance directive but got '{directive.Text}'");
            }
        }

        function.Body = Scope();
        return function;
    }

    private (int, int, int) Triple()
    {
        int x = reader.ExpectInteger();
        int y = reader.Take(",") ? reader.ExpectInteger() : 1;
        int z = reader.Take(",") ? reader.ExpectInteger() : 1;
        return (x, y, z);
    }

    private List<VariableItem> Parameters()
    {
        var parameters = new List<VariableItem>();
        while (!reader.Take(")"))
        {
            if (parameters.Count > 0)
                reader.Expect(",");
            Token token = reader.Next();
            if (!token.Is(".param"))
                throw reader.Error(token, $"expected '.param' but got '{token.Text}'");
            parameters.Add(Declarator(StateSpace.Param, token, isExtern: false));
        }

        return parameters;
    }

    private List<Item> Scope()
    {
        Token open = reader.Next();
        if (!open.Is("{"))
            throw reader.Error(open, $"expected '{{' but got '{open.Text}'");
        var items = new List<Item>();
        while (!reader.Take("}"))
        {
            if (reader.Peek.Is("{"))
                items.Add(new ScopeItem(reader.Peek.Line, Scope()));
            else
                Statement(items);
        }

        return items;
    }

    private void Statement(List<Item> items)
    {
        Token token = reader.Peek;
        if (reader.PeekSecond.Is(":"))
        {
            reader.Next();
            reader.Next();
            items.Add(new LabelItem(token.Line, token.Text));
            return;
        }

        switch (token.Text)
        {
            case ".reg":
                reader.Next();
                Registers(items, token);
                return;
            case ".local" or ".shared" or ".param":
                reader.Next();
                items.Add(Variable(Space(token.Text), token, isExtern: false));
                return;
            case ".extern":
                reader.Next();
                reader.Expect(".shared");
                items.Add(Variable(StateSpace.Shared, token, isExtern: true));
                return;
            case ".pragma":
                reader.Next();
                reader.Next();
                reader.Expect(";");
                return;
            case ".loc":
                while (reader.Peek.Line == token.Line)
                    reader.Next();
                return;
            case ";":
                reader.Next();
                return;
        }

        items.Add(Instruction());
    }

    private static StateSpace Space(string directive) => directive switch
    {
        ".local" => StateSpace.Local,
        ".shared" => StateSpace.Shared,
        _ => StateSpace.Param,
    };

    private void Registers(List<Item> items, Token start)
    {
        PtxType type = Type(reader.Next());
        do
        {
            Token name = reader.Next();
            int count = 0;
            if (reader.Take("<"))
            {
                count = reader.ExpectInteger();
                reader.Expect(">");
            }

            items.Add(new RegisterItem(start.Line, type, name.Text, count));
        }
        while (reader.Take(","));
        reader.Expect(";");
    }

    private PtxType Type(Token token) =>
        token.Text.StartsWith('.') && PtxTypes.TryParse(token.Text[1..], out PtxType type)
            ? type
            : throw reader.Error(token, $"expected a type but got '{token.Text}'");

    private VariableItem Variable(StateSpace space, Token start, bool isExtern)
    {
        VariableItem variable = Declarator(space, start, isExtern);
        reader.Expect(";");
        return variable;
    }

    private VariableItem Declarator(StateSpace space, Token start, bool isExtern)
    {
        int align = reader.Take(".align") ? reader.ExpectInteger() : 0;
        PtxType type = Type(reader.Next());
        Token name = reader.Next();
        long count = 1;
        if (reader.Take("["))
        {
            count = reader.Take("]") ? 0 : reader.ExpectInteger();
            if (count > 0)
                reader.Expect("]");
        }

        if (count == 0 && !isExtern)
            throw reader.Error(start, $"expected the size of '{name.Text}'");
        int size = Math.Max(1, type.Size());
        return new VariableItem(start.Line, space, name.Text, Math.Max(align, size), checked((int)(count * size)),
            isExtern);
    }

    private InstructionItem Instruction()
    {
        Token first = reader.Peek;
        string? guard = null;
        bool negated = false;
        if (reader.Take("@"))
        {
            negated = reader.Take("!");
            guard = reader.Next().Text;
        }

        Token opcode = reader.Next();
        if (!char.IsAsciiLetter(opcode.Text[0]))
            throw reader.Error(opcode, $"expected an instruction but got '{opcode.Text}'");
        return new InstructionItem(first.Line, reader.Line(first.Line), guard, negated, opcode.Text.Split('.'),
            OperandReader.List(reader, ";"));
    }
}
